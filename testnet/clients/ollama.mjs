// Checks a server with the ollama package: every check asserts content. See suite.mjs.

import { Ollama } from 'ollama';
import assert from 'node:assert/strict';
import { ALPHABET, CITY, WEATHER, assertDies, broken, embed, endless, model, root, run, whileFull } from './suite.mjs';

const messages = [{ role: 'user', content: 'recite' }];
const options = { temperature: 0 };
const tools = [{ type: 'function', function: WEATHER }];
const client = new Ollama({ host: root });

const checks = {
  async list() {
    const { models } = await client.list();
    const one = models.find((each) => each.name === `${model}:latest`);
    assert.ok(one, `${model} is not among ${models.map((each) => each.name)}`);
    assert.ok(one.size > 1_000);
    assert.match(one.digest, /^[0-9a-f]{64}$/);
  },

  async version() {
    assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
  },

  async ps() {
    const { models } = await client.ps();
    assert.ok(models.some((each) => each.name === `${model}:latest`));
  },

  async show() {
    const shown = await client.show({ model });
    const architecture = shown.model_info['general.architecture'];
    assert.equal(shown.model_info[`${architecture}.context_length`], 8192);
    assert.ok(shown.capabilities.includes('completion'));
  },

  async chat() {
    const answer = await client.chat({ model: `${model}:latest`, messages, options });
    assert.equal(answer.message.content, ALPHABET);
    assert.equal(answer.model, `${model}:latest`);
    assert.equal(answer.done_reason, 'stop');
    assert.ok(answer.eval_count >= ALPHABET.length);
    assert.ok(answer.eval_duration > 1_000 && answer.total_duration > answer.eval_duration);
    assert.ok(answer.prompt_eval_count > 5);
  },

  async 'chat.stream'() {
    let text = '';
    let parts = 0;
    let last = null;
    for await (const part of await client.chat({ model, messages, options, stream: true })) {
      text += part.message.content;
      parts++;
      last = part;
    }
    assert.equal(text, ALPHABET);
    assert.ok(parts > 5, `it came in ${parts} parts`);
    assert.equal(last.done, true);
    assert.equal(last.done_reason, 'stop');
    assert.ok(last.eval_count >= ALPHABET.length);
  },

  async 'chat.bounded'() {
    const answer = await client.chat({ model, messages, options: { ...options, num_predict: 3 } });
    assert.equal(answer.message.content, 'abc');
    assert.equal(answer.done_reason, 'length');
  },

  async tools() {
    const first = await client.chat({ model, messages, options, tools });
    const [call] = first.message.tool_calls;
    assert.equal(call.function.name, 'get_weather');
    assert.deepEqual(call.function.arguments, { city: 'Paris' });
    const answered = [...messages, first.message, { role: 'tool', tool_name: 'get_weather', content: 'sunny' }];
    const second = await client.chat({ model, messages: answered, options, tools });
    assert.equal(second.message.content, ALPHABET);
  },

  async 'tools.stream'() {
    const calls = [];
    for await (const part of await client.chat({ model, messages, options, tools, stream: true }))
      calls.push(...(part.message.tool_calls ?? []));
    assert.deepEqual(calls.map((call) => call.function), [{ name: 'get_weather', arguments: { city: 'Paris' } }]);
  },

  async jsonSchema() {
    const answer = await client.chat({ model, messages, options, format: CITY });
    assert.deepEqual(JSON.parse(answer.message.content), { city: 'abc', size: 7 });
  },

  async generate() {
    const answer = await client.generate({ model, prompt: 'recite', system: 'be brief', options });
    assert.equal(answer.response, ALPHABET);
    assert.ok(answer.eval_count >= ALPHABET.length);
  },

  async 'generate.raw'() {
    const asked = { model, prompt: 'hello worl', raw: true, options: { ...options, num_predict: 3 }, stream: true };
    let text = '';
    for await (const part of await client.generate(asked)) text += part.response;
    assert.equal(text, 'mno');
  },

  async embed() {
    const { embeddings, prompt_eval_count: tokens } = await client.embed({ model: embed, input: ['one', 'two', 'one'] });
    assert.equal(embeddings.length, 3);
    assert.equal(embeddings[0].length, 64);
    assert.deepEqual(embeddings[0], embeddings[2]);
    assert.notDeepEqual(embeddings[0], embeddings[1]);
    assert.ok(tokens >= 3);
    const { embedding } = await client.embeddings({ model: embed, prompt: 'one' });
    assert.deepEqual(embedding, embeddings[0]);
  },

  async unknownModel() {
    await assert.rejects(client.chat({ model: 'no-such-model', messages }), (error) => {
      assert.equal(error.name, 'ResponseError');
      assert.equal(error.status_code, 404);
      assert.match(error.error, /no-such-model/);
      return true;
    });
  },

  async tooLong() {
    const long = [{ role: 'user', content: 'x'.repeat(300_000) }];
    await assert.rejects(client.chat({ model, messages: long }), (error) => {
      assert.equal(error.status_code, 400);
      assert.match(error.error, /context size/);
      return true;
    });
  },

  async busy() {
    await whileFull(() => assert.rejects(client.chat({ model: endless, messages }), (error) => {
      assert.equal(error.name, 'ResponseError');
      assert.equal(error.status_code, 429);
      assert.match(error.error, /full queue/);
      return true;
    }));
  },

  async unready() {
    await assert.rejects(client.chat({ model: broken, messages }), (error) => {
      assert.equal(error.status_code, 503);
      assert.ok(error.error.includes(broken));
      return true;
    });
  },

  async storeIsNotOurs() {
    assert.equal((await client.pull({ model })).status, 'success');
    await assert.rejects(client.delete({ model }), (error) => error.status_code === 501);
    await assert.rejects(client.copy({ source: model, destination: 'other' }), (error) => error.status_code === 501);
  },

  async abort() {
    const stream = await client.chat({ model: endless, messages, options, stream: true });
    let parts = 0;
    await assert.rejects(async () => {
      for await (const part of stream) {
        assert.ok(part.message);
        if (++parts === 5) stream.abort();
      }
    }, { name: 'AbortError' });
    assert.ok(parts >= 5 && parts < 2_000, `${parts} parts`);
    for (let i = 0; i < 4; i++) {
      const answer = await client.chat({ model: endless, messages, options: { num_predict: 3 } });
      assert.equal(answer.done_reason, 'length');
    }
  },

  async timeout() {
    const fetchFor40 = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(40) });
    const impatient = new Ollama({ host: root, fetch: fetchFor40 });
    const asked = impatient.chat({ model: endless, messages, options });
    await assert.rejects(asked, (error) => error.name === 'TimeoutError');
    const answer = await client.chat({ model: endless, messages, options: { num_predict: 3 } });
    assert.equal(answer.done_reason, 'length');
  },

  async death() {
    await assertDies(await client.chat({ model: endless, messages, options, stream: true }));
  },
};

await run(checks, (error) => `${error.name}: ${error.message}`);
