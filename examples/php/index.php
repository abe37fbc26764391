<?php

/*
 * A loan desk in PHP that asks loanbook.
 *
 *     LOANBOOK_URL=http://127.0.0.1:8000 LOANBOOK_KEY=lb_… php -S 127.0.0.1:8080 index.php
 *
 * `POST /applications/<number>` takes an application as JSON and answers what was decided. The number is the
 * Idempotency-Key: however often a customer presses the button, the application is decided once.
 */

declare(strict_types=1);

require __DIR__ . '/Loanbook.php';

/** @param array<string, mixed> $json */
function reply(int $status, array $json): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    if ($status === 503) {
        header('Retry-After: 30');
    }
    echo json_encode($json, JSON_THROW_ON_ERROR);
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !preg_match('#^/applications/([\w.-]{1,255})$#', $path, $found)) {
    reply(404, ['error' => 'not here']);
    return;
}

$loanbook = new Loanbook(
    getenv('LOANBOOK_URL') ?: 'http://127.0.0.1:8000',
    getenv('LOANBOOK_KEY') ?: null,
);
$answer = $loanbook->decide(file_get_contents('php://input'), $found[1]);

switch ($answer->status) {
    case 200:
        reply(200, [
            'decision' => $answer->json['decision'],
            'reference' => $answer->json['decision_id'],
            'reasons' => array_column($answer->json['reasons'], 'text'),
        ]);
        break;
    case 422: // tell the form which fields are wrong
        reply(422, ['errors' => (object) array_column($answer->json['errors'], 'message', 'field')]);
        break;
    case 409:
        reply(409, ['error' => 'this number belongs to another application']);
        break;
    case 0:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: // nothing is lost: the same number finishes it
        reply(503, ['error' => 'we cannot decide at this moment']);
        break;
    default: // our own mistake, such as a revoked key: nothing the customer can mend
        error_log("loanbook said $answer->status, request $answer->requestId");
        reply(500, ['error' => 'we cannot decide']);
}
