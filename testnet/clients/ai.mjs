// Checks a server with the ai package over @ai-sdk/openai-compatible: every check asserts content. See suite.mjs.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import assert from 'node:assert/strict';
import {
  ALPHABET, CITY, WEATHER, assertDies, broken, embed, embedRoot, endless, endlessRoot, key, model, root, run, whileFull,
} from './suite.mjs';

const prompt = 'recite';
const ask = { model: providerOf(root)(model), prompt, temperature: 0, maxRetries: 0 };
const withoutEnd = { ...ask, model: providerOf(endlessRoot)(endless), onError() {} };

function providerOf(base) {
  return createOpenAICompatible({
    name: 'checked', baseURL: `${base}/v1`, apiKey: key, includeUsage: true, supportsStructuredOutputs: true,
  });
}

const checks = {
  async generate() {
    const answer = await generateText(ask);
    assert.equal(answer.text, ALPHABET);
    assert.equal(answer.finishReason, 'stop');
    assert.ok(answer.usage.outputTokens >= ALPHABET.length);
  },

  async stream() {
    const answer = streamText(ask);
    let text = '';
    let pieces = 0;
    for await (const piece of answer.textStream) {
      text += piece;
      pieces++;
    }
    assert.equal(text, ALPHABET);
    assert.ok(pieces > 5, `it came in ${pieces} pieces`);
    assert.equal(await answer.finishReason, 'stop');
    assert.ok((await answer.usage).outputTokens >= ALPHABET.length);
  },

  async toolLoop() {
    const heard = [];
    const weather = tool({
      description: WEATHER.description,
      inputSchema: jsonSchema(WEATHER.parameters),
      execute: async ({ city }) => {
        heard.push(city);
        return 'sunny';
      },
    });
    const answer = await generateText({ ...ask, tools: { get_weather: weather }, stopWhen: stepCountIs(2) });
    assert.deepEqual(heard, ['Paris']);
    assert.equal(answer.steps.length, 2);
    assert.equal(answer.text, ALPHABET);
  },

  async object() {
    const answer = await generateText({ ...ask, output: Output.object({ schema: jsonSchema(CITY) }) });
    assert.deepEqual(answer.output, { city: 'abc', size: 7 });
  },

  async embedMany() {
    const vectors = providerOf(embedRoot).embeddingModel(embed);
    const { embeddings, usage } = await embedMany({ model: vectors, values: ['one', 'two', 'one'], maxRetries: 0 });
    assert.equal(embeddings.length, 3);
    assert.equal(embeddings[0].length, 64);
    assert.deepEqual(embeddings[0], embeddings[2]);
    assert.notDeepEqual(embeddings[0], embeddings[1]);
    assert.ok(usage.tokens >= 3);
  },

  async unknownModel() {
    const asked = generateText({ ...ask, model: providerOf(root)('no-such-model') });
    await assert.rejects(asked, (error) => {
      assert.ok(APICallError.isInstance(error), String(error));
      assert.equal(error.statusCode, 404);
      assert.equal(error.isRetryable, false);
      assert.match(error.message, /no-such-model/);
      return true;
    });
  },

  async busy() {
    await whileFull(() => assert.rejects(generateText(withoutEnd), (error) => {
      assert.ok(APICallError.isInstance(error), String(error));
      assert.equal(error.statusCode, 429);
      assert.equal(error.isRetryable, true);
      assert.match(error.message, /full queue/);
      return true;
    }));
  },

  async unready() {
    await assert.rejects(generateText({ ...ask, model: providerOf(root)(broken) }), (error) => {
      assert.ok(APICallError.isInstance(error), String(error));
      assert.equal(error.statusCode, 503);
      assert.equal(error.isRetryable, true);
      assert.ok(error.message.includes(broken));
      return true;
    });
  },

  async tooLong() {
    await assert.rejects(generateText({ ...ask, prompt: 'x'.repeat(300_000) }), (error) => {
      assert.equal(error.statusCode, 400);
      assert.match(error.message, /context size/);
      return true;
    });
  },

  async abort() {
    const controller = new AbortController();
    const answer = streamText({ ...withoutEnd, abortSignal: controller.signal });
    let pieces = 0;
    for await (const part of answer.fullStream) {
      if (part.type === 'text-delta' && ++pieces === 5) controller.abort();
    }
    assert.ok(pieces >= 5 && pieces < 2_000, `${pieces} pieces`);
    for (let i = 0; i < 4; i++) {
      const quick = await generateText({ ...withoutEnd, maxOutputTokens: 3, abortSignal: AbortSignal.timeout(2_000) });
      assert.equal(quick.finishReason, 'length');
    }
  },

  async timeout() {
    const asked = generateText({ ...withoutEnd, abortSignal: AbortSignal.timeout(40) });
    await assert.rejects(asked, (error) => error.name === 'TimeoutError');
    const quick = await generateText({ ...withoutEnd, maxOutputTokens: 3, abortSignal: AbortSignal.timeout(2_000) });
    assert.equal(quick.finishReason, 'length');
  },

  async timeoutInAStream() {
    const answer = streamText({ ...withoutEnd, abortSignal: AbortSignal.timeout(200) });
    const types = [];
    for await (const part of answer.fullStream) types.push(part.type);
    assert.equal(types.at(-1), 'abort');
    assert.ok(types.includes('text-delta'), types.join());
    const quick = await generateText({ ...withoutEnd, maxOutputTokens: 3, abortSignal: AbortSignal.timeout(2_000) });
    assert.equal(quick.finishReason, 'length');
  },

  async death() {
    const answer = streamText(withoutEnd);
    await assertDies((async function* () {
      for await (const part of answer.fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'text-delta') yield part;
      }
    })());
  },
};

await run(checks, (error) => `${error.name}: ${error.message}`);
