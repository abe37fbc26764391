// A loan desk in Node that asks loanbook.
//
//     LOANBOOK_URL=http://127.0.0.1:8000 LOANBOOK_KEY=lb_… PORT=8080 node server.mjs
//
// `POST /applications/<number>` takes an application as JSON and answers what was decided. The number is the
// Idempotency-Key: however often a customer presses the button, the application is decided once.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Loanbook } from "./loanbook.mjs";

const { LOANBOOK_URL = "http://127.0.0.1:8000", LOANBOOK_KEY, PORT = "8080" } = process.env;
const loanbook = new Loanbook(LOANBOOK_URL, { key: LOANBOOK_KEY });

// What the customer is told: wrong fields by name, and of the rest only what can be mended.
function told({ status, json, requestId }) {
  if (status === 200) {
    const reasons = json.reasons.map((reason) => reason.text);
    return [200, { decision: json.decision, reference: json.decision_id, reasons }];
  }
  if (status === 422) {
    return [422, { errors: Object.fromEntries(json.errors.map(({ field, message }) => [field, message])) }];
  }
  if (status === 409) return [409, { error: "this number belongs to another application" }];
  if ([0, 408, 429].includes(status) || status >= 500) {
    return [503, { error: "we cannot decide at this moment" }]; // nothing is lost: the same number finishes it
  }
  console.error(`loanbook said ${status}, request ${requestId}`); // our own mistake, such as a revoked key
  return [500, { error: "we cannot decide" }];
}

const server = createServer(async (request, response) => {
  const found = /^\/applications\/([\w.-]{1,255})$/.exec(request.url);
  const asked = request.method === "POST" && found;
  const [status, json] = asked
    ? told(await loanbook.decide(await text(request), found[1]))
    : [404, { error: "not here" }];
  const headers = { "content-type": "application/json" };
  if (status === 503) headers["retry-after"] = "30";
  response.writeHead(status, headers).end(JSON.stringify(json));
});

server.listen(Number(PORT), "127.0.0.1");
