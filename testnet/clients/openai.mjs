// Checks a server with the openai package, the way programs use it: every check asserts content. See suite.mjs.

import OpenAI, {
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import assert from 'node:assert/strict';
import {
  ALPHABET, CITY, WEATHER, assertDies, broken, embed, embedRoot, endless as endlessModel, endlessRoot, key, model, root, run,
  whileFull,
} from './suite.mjs';

const messages = [{ role: 'user', content: 'recite' }];
const tools = [{ type: 'function', function: WEATHER }];
const client = clientOf(root);
const endless = clientOf(endlessRoot);
const withoutEnd = { model: endlessModel, messages, temperature: 0 };

function clientOf(base, more = {}) {
  return new OpenAI({ baseURL: `${base}/v1`, apiKey: key, maxRetries: 0, timeout: 30_000, ...more });
}

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

  async tools() {
    const first = await client.chat.completions.create({ model, messages, tools, temperature: 0 });
    const [call] = first.choices[0].message.tool_calls;
    assert.equal(first.choices[0].finish_reason, 'tool_calls');
    assert.equal(call.function.name, 'get_weather');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' });
    const answered = [...messages, first.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }];
    const second = await client.chat.completions.create({ model, messages: answered, tools, temperature: 0 });
    assert.equal(second.choices[0].message.content, ALPHABET);
  },

  async 'tools.stream'() {
    const stream = client.chat.completions.stream({ model, messages, tools, temperature: 0, tool_choice: 'required' });
    const [call] = (await stream.finalMessage()).tool_calls;
    assert.equal(call.function.name, 'get_weather');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' });
  },

  async jsonSchema() {
    const answer = await client.chat.completions.create({
      model, messages, temperature: 0,
      response_format: { type: 'json_schema', json_schema: { name: 'city', strict: true, schema: CITY } },
    });
    assert.deepEqual(JSON.parse(answer.choices[0].message.content), { city: 'abc', size: 7 });
  },

  async responses() {
    const answer = await client.responses.create({ model, input: 'recite', temperature: 0 });
    assert.equal(answer.output_text, ALPHABET);
    assert.equal(answer.status, 'completed');
    assert.ok(answer.usage.output_tokens >= ALPHABET.length);
  },

  async 'responses.stream'() {
    const stream = await client.responses.create({ model, input: 'recite', temperature: 0, stream: true });
    let text = '';
    let last = null;
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      last = event;
    }
    assert.equal(text, ALPHABET);
    assert.equal(last.type, 'response.completed');
    assert.ok(last.response.usage.output_tokens >= ALPHABET.length);
  },

  async embeddings() {
    const vectors = clientOf(embedRoot).embeddings;
    const answer = await vectors.create({ model: embed, input: ['one', 'two', 'one'] });
    const plain = await vectors.create({ model: embed, input: 'one', encoding_format: 'float' });
    const [one, two, again] = answer.data.map((each) => each.embedding);
    assert.equal(one.length, 64);
    assert.deepEqual(one, again);
    assert.notDeepEqual(one, two);
    assert.ok(Math.abs(one[0] - plain.data[0].embedding[0]) < 1e-5);
    assert.ok(answer.usage.prompt_tokens >= 3);
  },

  async completions() {
    const answer = await client.completions.create({ model, prompt: 'hello worl', temperature: 0, max_tokens: 3 });
    assert.equal(answer.choices[0].text, 'mno');
  },

  async 'chat.abort'() {
    const controller = new AbortController();
    const stream = await endless.chat.completions.create(
      { ...withoutEnd, stream: true },
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
    const stream = await endless.chat.completions.create({ ...withoutEnd, stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk.choices);
      break;
    }
    await quickAnswer();
  },

  async 'chat.timeout'() {
    const impatient = endless.chat.completions.create(withoutEnd, { timeout: 40 });
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

  async busy() {
    await whileFull(() => assert.rejects(endless.chat.completions.create(withoutEnd), (error) => {
      assert.ok(error instanceof RateLimitError, String(error));
      assert.equal(error.status, 429);
      assert.equal(error.code, 'mesh_busy');
      assert.equal(error.type, 'rate_limit_error');
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
      return true;
    }));
    await quickAnswer();
  },

  async unready() {
    await assert.rejects(client.chat.completions.create({ model: broken, messages }), (error) => {
      assert.ok(error instanceof InternalServerError, String(error));
      assert.equal(error.status, 503);
      assert.equal(error.type, 'server_error');
      assert.ok(error.message.includes(broken));
      return true;
    });
  },

  async unknownUrl() {
    await assert.rejects(client.post('/no/such/address', { body: {} }), (error) => {
      assert.ok(error instanceof NotFoundError, String(error));
      return true;
    });
  },

  async wrongKey() {
    const stranger = clientOf(root, { apiKey: 'wrong' });
    await assert.rejects(stranger.chat.completions.create({ model, messages }), (error) => {
      assert.ok(error instanceof AuthenticationError, String(error));
      assert.equal(error.status, 401);
      return true;
    });
  },

  async death() {
    await assertDies(await endless.chat.completions.create({ ...withoutEnd, stream: true }));
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

/** Answered only when the engine has a free slot again, which it has not if a cancel got lost. */
async function quickAnswer() {
  for (let i = 0; i < 4; i++) {
    const answer = await endless.chat.completions.create({ ...withoutEnd, max_tokens: 3 }, { timeout: 2_000 });
    assert.ok(answer.choices[0].message.content.length >= 1);
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

await run(checks, (error) =>
  error instanceof APIError ? `${error.constructor.name}: ${error.message}` : String(error));
