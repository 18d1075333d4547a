// Checks a server with the openai package, the way programs use it: every check asserts content.
//
//   node check.mjs --base-url http://localhost:9337/v1 --model NAME [--key KEY] [--skip check,check]
//
// The model must be a cycle model: it answers any chat with exactly a…z. Prints one JSON object per check and exits
// with 1 if any failed. Servers that know one model only (llama-server) answer any name and cannot list one:
// for these skip `models.retrieve,models.unknown,chat.unknownModel,requestId`.

import OpenAI, { APIConnectionTimeoutError, APIError, APIUserAbortError, BadRequestError, NotFoundError } from 'openai';
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

const { values: args } = parseArgs({
  options: {
    'base-url': { type: 'string' },
    model: { type: 'string' },
    key: { type: 'string', default: 'none' },
    skip: { type: 'string', default: '' },
  },
});
if (!args['base-url'] || !args.model) {
  console.error('usage: node check.mjs --base-url URL --model NAME [--key KEY] [--skip check,check]');
  process.exit(2);
}

const model = args.model;
const messages = [{ role: 'user', content: 'recite' }];
const client = new OpenAI({ baseURL: args['base-url'], apiKey: args.key, maxRetries: 0, timeout: 30_000 });

const checks = {
  async 'models.list'() {
    const ids = [];
    for await (const one of await client.models.list()) ids.push(one.id);
    assert.ok(ids.includes(model), `${model} is not among ${ids}`);
  },

  async 'models.retrieve'() {
    const one = await client.models.retrieve(model);
    assert.equal(one.id, model);
    assert.equal(one.object, 'model');
  },

  async 'models.unknown'() {
    await assert.rejects(client.models.retrieve('no-such-model'), unknownModel);
  },

  async chat() {
    const answer = await client.chat.completions.create({ model, messages, temperature: 0 });
    assert.equal(answer.choices[0].message.content, ALPHABET);
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.ok(answer.usage.completion_tokens >= ALPHABET.length);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  },

  async 'chat.bounded'() {
    const answer = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 3 });
    assert.equal(answer.choices[0].message.content, 'abc');
    assert.equal(answer.choices[0].finish_reason, 'length');
  },

  async 'chat.stream'() {
    const stream = await client.chat.completions.create({ model, messages, temperature: 0, stream: true });
    let text = '';
    let pieces = 0;
    let reason = null;
    for await (const chunk of stream) {
      const choice = chunk.choices[0];
      if (choice?.delta?.content) {
        text += choice.delta.content;
        pieces++;
      }
      reason = choice?.finish_reason ?? reason;
    }
    assert.equal(text, ALPHABET);
    assert.equal(reason, 'stop');
    assert.ok(pieces > 5, `it came in ${pieces} pieces`);
  },

  async 'chat.streamUsage'() {
    const stream = await client.chat.completions.create({
      model, messages, temperature: 0, stream: true, stream_options: { include_usage: true },
    });
    let usage = null;
    let usageChunks = 0;
    for await (const chunk of stream) {
      if (!chunk.usage) continue;
      usage = chunk.usage;
      usageChunks++;
      assert.deepEqual(chunk.choices, []);
    }
    assert.equal(usageChunks, 1);
    assert.ok(usage.completion_tokens >= ALPHABET.length);
  },

  async 'chat.streamHelper'() {
    const final = await client.chat.completions.stream({ model, messages, temperature: 0 }).finalContent();
    assert.equal(final, ALPHABET);
  },

  async completions() {
    const answer = await client.completions.create({ model, prompt: 'hello worl', temperature: 0, max_tokens: 3 });
    assert.equal(answer.choices[0].text, 'mno');
  },

  async 'chat.abort'() {
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { ...endless(), stream: true },
      { signal: controller.signal },
    );
    let chunks = 0;
    try {
      for await (const chunk of stream) {
        assert.ok(chunk.choices);
        if (++chunks === 5) controller.abort();
      }
    } catch (error) {
      assert.ok(error instanceof APIUserAbortError, String(error));
    }
    assert.ok(chunks >= 5 && chunks < 2_000, `${chunks} chunks`);
    await quickAnswer();
  },

  async 'chat.breakOutOfTheLoop'() {
    const stream = await client.chat.completions.create({ ...endless(), stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk.choices);
      break;
    }
    await quickAnswer();
  },

  async 'chat.timeout'() {
    const impatient = client.chat.completions.create(endless(), { timeout: 40 });
    await assert.rejects(impatient, (error) => error instanceof APIConnectionTimeoutError);
    await quickAnswer();
  },

  async 'chat.unknownModel'() {
    await assert.rejects(client.chat.completions.create({ model: 'no-such-model', messages }), unknownModel);
  },

  async 'chat.badRequest'() {
    const wrong = client.chat.completions.create({ model, messages: 'not a list' });
    await assert.rejects(wrong, (error) => {
      assert.ok(error instanceof BadRequestError, String(error));
      assert.equal(error.type, 'invalid_request_error');
      assert.ok(error.message.length > 10);
      return true;
    });
  },

  async 'chat.tooLong'() {
    const long = [{ role: 'user', content: 'x'.repeat(300_000) }];
    await assert.rejects(client.chat.completions.create({ model, messages: long }), (error) => {
      assert.ok(error instanceof BadRequestError, String(error));
      assert.equal(error.type, 'exceed_context_size_error');
      return true;
    });
  },

  async 'chat.concurrent'() {
    const asked = Array.from({ length: 8 }, () =>
      client.chat.completions.create({ model, messages, temperature: 0 }));
    for (const answer of await Promise.all(asked)) assert.equal(answer.choices[0].message.content, ALPHABET);
  },

  async unknownUrl() {
    await assert.rejects(client.post('/no/such/address', { body: {} }), (error) => {
      assert.ok(error instanceof NotFoundError, String(error));
      return true;
    });
  },

  async requestId() {
    const { data, request_id: id } = await client.chat.completions.create({ model, messages }).withResponse();
    assert.match(id, /^req_/);
    assert.equal(data._request_id, id);
    await assert.rejects(client.models.retrieve('no-such-model'), (error) => {
      assert.match(error.requestID, /^req_/);
      return true;
    });
  },
};

/** More than a cycle model says before it stops by itself: it is told not to stop. */
function endless() {
  return { model, messages, temperature: 0, max_tokens: 200_000, ignore_eos: true };
}

/** Answered only when the engine has a free slot again, which it has not if a cancel got lost. */
async function quickAnswer() {
  for (let i = 0; i < 4; i++) {
    const answer = await client.chat.completions.create(
      { model, messages, temperature: 0, max_tokens: 3 },
      { timeout: 2_000 },
    );
    assert.equal(answer.choices[0].message.content, 'abc');
  }
}

function unknownModel(error) {
  assert.ok(error instanceof NotFoundError, String(error));
  assert.equal(error.status, 404);
  assert.equal(error.code, 'model_not_found');
  assert.equal(error.param, 'model');
  assert.equal(error.type, 'invalid_request_error');
  assert.match(error.message, /no-such-model/);
  return true;
}

const skipped = new Set(args.skip.split(',').filter(Boolean));
for (const name of skipped) {
  if (checks[name]) continue;
  console.error(`no check is called ${name}`);
  process.exit(2);
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (skipped.has(name)) continue;
  const start = performance.now();
  const line = { check: name, ok: true };
  try {
    await check();
  } catch (error) {
    failed++;
    line.ok = false;
    line.error = error instanceof APIError ? `${error.constructor.name}: ${error.message}` : String(error);
  }
  line.millis = Math.round(performance.now() - start);
  console.log(JSON.stringify(line));
}
process.exit(failed === 0 ? 0 : 1);
