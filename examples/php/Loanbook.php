<?php

declare(strict_types=1);

/** What came back: the status (0 when nothing did) and the JSON, a decision or a problem. */
final class Answer
{
    /** @param array<string, mixed> $json */
    public function __construct(
        public readonly int $status,
        public readonly array $json,
        public readonly string $requestId,
    ) {
    }
}

/** Asks a loanbook service. Needs PHP 8.1 and its extension curl. */
final class Loanbook
{
    private const ATTEMPTS = 4;
    private const COME_AGAIN = [0, 408, 429, 500, 502, 503, 504];

    public function __construct(
        private readonly string $url,
        private readonly ?string $key = null,
        private readonly float $timeout = 2.0,
        private readonly float $deadline = 6.0,
    ) {
    }

    /**
     * Decide one application.
     *
     * The same $number with the same application gives the same decision, so it is safe to ask again
     * after a lost connection: the application is decided once.
     */
    public function decide(string $application, string $number): Answer
    {
        $until = microtime(true) + $this->deadline;
        for ($attempt = 1;; $attempt++) {
            [$answer, $seconds] = $this->post('/v1/decisions', $application, $number);
            $wait = $seconds + 0.05 * 2 ** $attempt * mt_rand() / mt_getrandmax();
            $last = $attempt === self::ATTEMPTS || microtime(true) + $wait > $until;
            if ($last || !in_array($answer->status, self::COME_AGAIN, true)) {
                return $answer;
            }
            usleep((int) ($wait * 1e6));
        }
    }

    /** @return array{Answer, int} the answer, and the seconds that Retry-After asks for */
    private function post(string $path, string $body, string $number): array
    {
        $headers = ['Content-Type: application/json', "Idempotency-Key: $number"];
        if ($this->key !== null) {
            $headers[] = "Authorization: Bearer $this->key";
        }
        $said = [];
        $curl = curl_init($this->url . $path);
        curl_setopt_array($curl, [
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT_MS => 1000,
            CURLOPT_TIMEOUT_MS => (int) ($this->timeout * 1000),
            CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$said): int {
                [$name, $value] = explode(':', $line, 2) + [1 => ''];
                $said[strtolower($name)] = trim($value);
                return strlen($line);
            },
        ]);
        $text = curl_exec($curl);
        $status = $text === false ? 0 : curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        $json = $text === false ? null : json_decode($text, true);
        $answer = new Answer($status, is_array($json) ? $json : [], $said['x-request-id'] ?? '');
        return [$answer, (int) ($said['retry-after'] ?? 0)];
    }
}
