// What the checks of all packages share: where the server is, what to ask it for, and how a check is run and reported.
//
//   node openai.mjs --root http://localhost:9337 --model NAME --endless NAME --embed NAME [--key KEY]
//                   [--endless-root URL] [--embed-root URL] [--broken NAME] [--skip check,check] [--only check,check]
//                   [--victim PID]
//
// The model must be a cycle model: it answers any chat with exactly a…z, and calls a tool that it is offered. The endless
// one never stops by itself and has one slot; the third makes vectors; the broken one is known and cannot run. Servers with one model each are given a root for each. Prints one
// JSON object per check and exits with 1 if any failed. A check called death runs only where it is named in --only: it
// kills the process --victim in the middle of a stream.

import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';

export const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

/** What a check for tools offers: the arguments are given by the schema, so that the call is the same every time. */
export const WEATHER = {
  name: 'get_weather',
  description: 'tells the weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Paris'] } },
    required: ['city'],
    additionalProperties: false,
  },
};

/** Leaves no choice either. */
export const CITY = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['abc'] }, size: { const: 7 } },
  required: ['city', 'size'],
  additionalProperties: false,
};

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    model: { type: 'string' },
    endless: { type: 'string' },
    'endless-root': { type: 'string' },
    embed: { type: 'string' },
    'embed-root': { type: 'string' },
    broken: { type: 'string', default: '' },
    key: { type: 'string', default: 'none' },
    skip: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    victim: { type: 'string', default: '' },
  },
});
for (const needed of ['root', 'model', 'endless', 'embed']) {
  if (values[needed]) continue;
  console.error(`--${needed} is missing`);
  process.exit(2);
}

export const { root, model, endless, embed, broken, key } = values;
export const endlessRoot = values['endless-root'] ?? root;
export const embedRoot = values['embed-root'] ?? root;

export function killVictim() {
  process.kill(Number(values.victim), 'SIGKILL');
}

/** Reads a stream of what must not end well; the victim dies when some of it has arrived. */
export async function assertDies(stream) {
  let parts = 0;
  await assert.rejects(async () => {
    for await (const part of stream) {
      assert.ok(part);
      if (++parts === 5) killVictim();
    }
  });
  assert.ok(parts >= 5, `only ${parts} parts`);
}

/** One slot and a queue of eight, and a few more. */
const CALLERS = 12;

function askEndless(how) {
  const body = JSON.stringify({ model: endless, messages: [{ role: 'user', content: 'recite' }], ...how.body });
  const headers = { 'content-type': 'application/json' };
  return fetch(`${endlessRoot}/v1/chat/completions`, { method: 'POST', headers, body, signal: how.signal });
}

/**
 * While `check` runs, the endless model has more callers than it takes, and whoever comes is refused. They have all left
 * when this returns, and it takes callers again.
 */
export async function whileFull(check) {
  const controller = new AbortController();
  const asked = Array.from({ length: CALLERS }, () =>
    askEndless({ body: { stream: true }, signal: controller.signal }));
  try {
    await Promise.any(asked.map(async (answer) => assert.equal((await answer).status, 429)));
    await check();
  } finally {
    controller.abort();
    await Promise.allSettled(asked);
  }
  const signal = AbortSignal.timeout(20_000);
  let answer;
  do {
    answer = await askEndless({ body: { max_tokens: 1 }, signal });
    await answer.text();
  } while (answer.status === 429);
  assert.equal(answer.status, 200);
}

/** `describe` makes a line of an error of the package. */
export async function run(checks, describe = String) {
  const named = (list) => new Set(list.split(',').filter(Boolean));
  const skipped = named(values.skip);
  const only = named(values.only);
  for (const name of only) {
    if (checks[name]) continue;
    console.error(`no check is called ${name}`);
    process.exit(2);
  }
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    if (skipped.has(name) || (only.size > 0 ? !only.has(name) : name === 'death')) continue;
    const start = performance.now();
    const line = { check: name, ok: true };
    try {
      await check();
    } catch (error) {
      failed++;
      line.ok = false;
      line.error = describe(error);
    }
    line.millis = Math.round(performance.now() - start);
    console.log(JSON.stringify(line));
  }
  process.exit(failed === 0 ? 0 : 1);
}
