// Asks a loanbook service; needs Node 18 or newer, and nothing else.

const ATTEMPTS = 4;
const COME_AGAIN = new Set([0, 408, 429, 500, 502, 503, 504]);

export class Loanbook {
  constructor(url, { key, timeout = 2_000, deadline = 6_000 } = {}) {
    this.url = url.replace(/\/$/, "");
    this.key = key;
    this.timeout = timeout;
    this.deadline = deadline;
  }

  // Decides one application. The same number with the same application gives the same decision, so it is safe to ask
  // again after a lost connection: the application is decided once.
  async decide(application, number) {
    const until = Date.now() + this.deadline;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#post("/v1/decisions", application, number);
      const wait = answer.retryAfter * 1_000 + 50 * 2 ** attempt * Math.random();
      const last = attempt === ATTEMPTS || Date.now() + wait > until;
      if (last || !COME_AGAIN.has(answer.status)) return answer;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  // Status (0 when nothing came back), JSON, seconds to wait, and what the service's log calls the request.
  async #post(path, body, number) {
    const headers = { "content-type": "application/json", "idempotency-key": number };
    if (this.key) headers.authorization = `Bearer ${this.key}`;
    try {
      const signal = AbortSignal.timeout(this.timeout);
      const response = await fetch(this.url + path, { method: "POST", headers, body, signal });
      const text = await response.text();
      const retryAfter = Number(response.headers.get("retry-after")) || 0;
      const requestId = response.headers.get("x-request-id");
      return { status: response.status, json: parsed(text), retryAfter, requestId };
    } catch (error) {
      return { status: 0, json: {}, retryAfter: 0, requestId: null, error };
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
