// Decides with types made from the document: what is sent and what comes back is checked by the compiler.

import type { components, paths } from "./api.d.ts";

type Application = components["schemas"]["Application"];
type Decide = paths["/v1/decisions"]["post"]["responses"];
type Decision = Decide[200]["content"]["application/json"];
type Problem = Decide[422]["content"]["application/problem+json"];

const [address, given] = process.argv.slice(2) as [string, string];
const application: Application = JSON.parse(given);

async function decide(body: Application, key: string): Promise<Decision | Problem> {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  const response = await fetch(`${address}/v1/decisions`, { method: "POST", headers, body: JSON.stringify(body) });
  return (await response.json()) as Decision | Problem;
}

const said = await decide(application, "typescript-1");
if (!("decision" in said)) throw new Error(said.detail);
const decision: "approve" | "refer" | "decline" = said.decision;
const reasons: string[] = (said.reasons ?? []).map((reason) => reason.text);

const wrong = await decide({ ...application, amount: -5 }, "typescript-2");
if ("decision" in wrong) throw new Error("it was decided");

// @ts-expect-error: there is no such field
void said.desicion;

console.log(JSON.stringify({ id: said.decision_id, decision, reasons, wrong: wrong.errors.map((one) => one.field) }));
