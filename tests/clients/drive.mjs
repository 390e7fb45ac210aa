// Sends COUNT payments through the wrapper, one after the other, and prints the ids that came back.
import { idempotentFetch } from "./idempotentFetch.js";

const [url, count] = process.argv.slice(2);
const send = idempotentFetch({ attempts: 12, backoff: 2 });
const ids = [];
for (let amount = 1; amount <= Number(count); amount++) {
  const headers = { "Content-Type": "application/json" };
  const response = await send(`${url}/payments`, { method: "POST", headers, body: JSON.stringify({ amount, currency: "EUR" }) });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  ids.push((await response.json()).id);
}
console.log(JSON.stringify(ids));
