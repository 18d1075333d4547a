// Checks a server with the @anthropic-ai/sdk package: every check asserts content. See suite.mjs.

import Anthropic, {
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import {
  ALPHABET, WEATHER, assertDies, broken, endless as endlessModel, endlessRoot, key, model, root, run, whileFull,
} from './suite.mjs';

const messages = [{ role: 'user', content: 'recite' }];
const ask = { model, messages, max_tokens: 200, temperature: 0 };
const tools = [{ name: WEATHER.name, description: WEATHER.description, input_schema: WEATHER.parameters }];
const client = clientOf(root);
const endless = clientOf(endlessRoot);
const withoutEnd = { model: endlessModel, messages, max_tokens: 100_000, temperature: 0 };

function clientOf(baseURL) {
  return new Anthropic({ baseURL, apiKey: key, maxRetries: 0, timeout: 30_000 });
}

const checks = {
  async message() {
    const answer = await client.messages.create(ask);
    assert.equal(answer.content[0].text, ALPHABET);
    assert.equal(answer.stop_reason, 'end_turn');
    assert.ok(answer.usage.output_tokens >= ALPHABET.length);
  },

  async 'message.bounded'() {
    const answer = await client.messages.create({ ...ask, max_tokens: 3 });
    assert.equal(answer.content[0].text, 'abc');
    assert.equal(answer.stop_reason, 'max_tokens');
  },

  async system() {
    const answer = await client.messages.create({ ...ask, system: 'be brief', metadata: { user_id: 'somebody' } });
    assert.equal(answer.content[0].text, ALPHABET);
  },

  async stream() {
    const stream = client.messages.stream(ask);
    let pieces = 0;
    stream.on('text', () => pieces++);
    const answer = await stream.finalMessage();
    assert.equal(answer.content[0].text, ALPHABET);
    assert.equal(answer.stop_reason, 'end_turn');
    assert.ok(pieces > 5, `it came in ${pieces} pieces`);
    assert.ok(answer.usage.output_tokens >= ALPHABET.length);
    assert.ok(answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 5);
  },

  async beta() {
    const answer = await client.beta.messages.create({ ...ask, betas: ['some-beta-2026-01-01'] });
    assert.equal(answer.content[0].text, ALPHABET);
  },

  async tools() {
    const first = await client.messages.create({ ...ask, tools });
    const call = first.content.find((part) => part.type === 'tool_use');
    assert.equal(first.stop_reason, 'tool_use');
    assert.equal(call.name, 'get_weather');
    assert.deepEqual(call.input, { city: 'Paris' });
    const answered = [
      ...messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }] },
    ];
    const second = await client.messages.create({ ...ask, messages: answered });
    assert.equal(second.content[0].text, ALPHABET);
  },

  async 'tools.stream'() {
    const answer = await client.messages.stream({ ...ask, tools, tool_choice: { type: 'any' } }).finalMessage();
    const call = answer.content.find((part) => part.type === 'tool_use');
    assert.deepEqual(call.input, { city: 'Paris' });
  },

  async countTokens() {
    const short = await client.messages.countTokens({ model, messages: [{ role: 'user', content: 'x' }] });
    const long = await client.messages.countTokens({ model, messages: [{ role: 'user', content: 'x'.repeat(9) }] });
    assert.equal(long.input_tokens - short.input_tokens, 8);
  },

  async models() {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    assert.ok(ids.includes(model), `${model} is not among ${ids}`);
    const one = await client.models.retrieve(model);
    assert.equal(one.type, 'model');
    assert.equal(one.display_name, model);
  },

  async abort() {
    const stream = endless.messages.stream(withoutEnd);
    let parts = 0;
    try {
      for await (const part of stream) {
        assert.ok(part.type);
        if (++parts === 5) stream.abort();
      }
    } catch (error) {
      assert.ok(error instanceof APIUserAbortError, String(error));
    }
    assert.ok(parts >= 5 && parts < 2_000, `${parts} parts`);
    await quickAnswer();
  },

  async timeout() {
    const impatient = endless.messages.create(withoutEnd, { timeout: 40 });
    await assert.rejects(impatient, (error) => error instanceof APIConnectionTimeoutError);
    await quickAnswer();
  },

  async tooLong() {
    const long = [{ role: 'user', content: 'x'.repeat(300_000) }];
    await assert.rejects(client.messages.create({ ...ask, messages: long }), (error) => {
      assert.ok(error instanceof BadRequestError, String(error));
      assert.match(error.message, /context size/);
      return true;
    });
  },

  async unknownModel() {
    await assert.rejects(client.messages.create({ ...ask, model: 'no-such-model' }), (error) => {
      assert.ok(error instanceof NotFoundError, String(error));
      assert.equal(error.error.type, 'error');
      assert.equal(error.type, 'not_found_error');
      assert.equal(error.error.error.code, 'model_not_found');
      assert.match(error.requestID, /^req_/);
      return true;
    });
  },

  async busy() {
    await whileFull(() => assert.rejects(endless.messages.create(withoutEnd), (error) => {
      assert.ok(error instanceof RateLimitError, String(error));
      assert.equal(error.type, 'rate_limit_error');
      assert.equal(error.error.error.code, 'mesh_busy');
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
      return true;
    }));
    await quickAnswer();
  },

  async unready() {
    await assert.rejects(client.messages.create({ ...ask, model: broken }), (error) => {
      assert.ok(error instanceof InternalServerError, String(error));
      assert.equal(error.status, 503);
      assert.ok(error.message.includes(broken));
      return true;
    });
  },

  async requestId() {
    const answer = await client.messages.create(ask);
    assert.match(answer._request_id, /^req_/);
  },

  async death() {
    await assertDies(endless.messages.stream(withoutEnd));
  },
};

/** Answered only when the engine has a free slot again, which it has not if a cancel got lost. */
async function quickAnswer() {
  for (let i = 0; i < 4; i++) {
    const answer = await endless.messages.create({ ...withoutEnd, max_tokens: 3 }, { timeout: 2_000 });
    assert.equal(answer.stop_reason, 'max_tokens');
  }
}

await run(checks, (error) =>
  error instanceof APIError ? `${error.constructor.name}: ${error.message}` : String(error));
