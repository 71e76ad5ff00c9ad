// Checks of a running server by the clients openai and ai (with @ai-sdk/openai-compatible), unchanged.
// node checks.mjs URL KEY MODEL: URL ends before /v1; one line for each check, and the status 1 if any failed.
// The model must be the scripted one of the tests: it says BEFORE and calls get_weather for Rome, and SAID after the result.
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';

const [url, apiKey, model] = process.argv.slice(2);
const BEFORE = "I'll look.", SAID = 'It is sunny in Rome.';
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const ask = { model, messages: [{ role: 'user', content: 'Weather in Rome?' }], temperature: 0 };
const parameters = { type: 'object', properties: { city: { enum: ['Rome', 'Paris'] } }, required: ['city'], additionalProperties: false };
const tools = [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters } }];
const schema = { type: 'object', properties: { large: { type: 'boolean' }, city: { enum: ['Rome', 'Paris'] } }, required: ['large', 'city'], additionalProperties: false };
const form = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } };

const checks = {
    'openai: models are listed and found': async () => {
        const ids = [];
        for await (const one of client.models.list()) ids.push(one.id);
        assert.ok(ids.includes(model));
        assert.equal((await client.models.retrieve(model)).id, model);
    },
    'openai: an unknown model is not found': () =>
        assert.rejects(client.chat.completions.create({ ...ask, model: 'nobody' }), error => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found'),
    'openai: a wrong key is refused': () =>
        assert.rejects(new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 }).models.list(), OpenAI.AuthenticationError),
    'openai: a wrong field is named': () =>
        assert.rejects(client.chat.completions.create({ ...ask, temperature: -1 }), error => error instanceof OpenAI.BadRequestError && error.param === 'temperature'),
    'openai: embeddings are told not to be there': () =>
        assert.rejects(client.embeddings.create({ model, input: 'x' }), OpenAI.BadRequestError),
    'openai: a chat has text and usage': async () => {
        const { choices, usage } = await client.chat.completions.create(ask);
        assert.ok(choices[0].message.content.startsWith(BEFORE));
        assert.equal(choices[0].finish_reason, 'stop');
        assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
    },
    'openai: a stream is the whole chat': async () => {
        const whole = await client.chat.completions.create(ask);
        let text = '', usage = null;
        for await (const chunk of await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })) {
            text += chunk.choices[0]?.delta.content ?? '';
            usage = chunk.usage ?? usage;
        }
        assert.equal(text, whole.choices[0].message.content);
        assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
    },
    'openai: a stream can be left': async () => {
        for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) if (chunk) break;
        assert.ok((await client.chat.completions.create(ask)).choices.length);
    },
    'openai: both limits are read': async () => {
        for (const limit of [{ max_completion_tokens: 1 }, { max_tokens: 1 }]) {
            const { choices } = await client.chat.completions.create({ ...ask, ...limit });
            assert.deepEqual([choices[0].message.content, choices[0].finish_reason], [BEFORE, 'length']);
        }
    },
    'openai: several answers have their numbers': async () =>
        assert.deepEqual((await client.chat.completions.create({ ...ask, n: 3 })).choices.map(choice => choice.index), [0, 1, 2]),
    'openai: a seed gives the same text': async () => {
        const texts = [];
        for (const seed of [7, 7]) texts.push((await client.chat.completions.create({ ...ask, temperature: 2, seed, logit_bias: { 70: 18, 71: 18 }, max_tokens: 20 })).choices[0].message.content);
        assert.equal(texts[0], texts[1]);
    },
    'openai: a stop text ends it': async () =>
        assert.equal((await client.chat.completions.create({ ...ask, stop: ['\n<'] })).choices[0].message.content, BEFORE),
    'openai: log-probabilities come with each token': async () => {
        const { choices, usage } = await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 2 });
        assert.equal(choices[0].logprobs.content.length, usage.completion_tokens);
        assert.equal(choices[0].logprobs.content[0].top_logprobs.length, 2);
    },
    'openai: a bias decides': async () =>
        assert.equal((await client.chat.completions.create({ ...ask, max_tokens: 1, logit_bias: { 41: 100 } })).choices[0].message.content.length, 1),
    'openai: penalties, roles and parts are read': async () => {
        const messages = [{ role: 'developer', content: 'Be brief.' }, { role: 'user', content: [{ type: 'text', text: 'a ' }, { type: 'text', text: 'b' }] }];
        assert.ok((await client.chat.completions.create({ ...ask, messages, frequency_penalty: 0.5, presence_penalty: -0.5, top_p: 0.9 })).choices[0].message.content);
    },
    'openai: JSON of a schema comes': async () => {
        const value = JSON.parse((await client.chat.completions.create({ ...ask, response_format: form, max_tokens: 900 })).choices[0].message.content);
        assert.ok(typeof value.large === 'boolean' && ['Rome', 'Paris'].includes(value.city));
    },
    'openai: JSON of a schema is parsed': async () =>
        assert.equal(typeof (await client.chat.completions.parse({ ...ask, response_format: form, max_tokens: 900 })).choices[0].message.content, 'string'),
    'openai: any JSON begins as an object': async () =>
        assert.ok((await client.chat.completions.create({ ...ask, response_format: { type: 'json_object' }, max_tokens: 8 })).choices[0].message.content.startsWith('{')),
    'openai: a tool is called': async () => {
        const { message, finish_reason } = (await client.chat.completions.create({ ...ask, tools })).choices[0];
        assert.deepEqual([message.content, finish_reason, message.tool_calls.length], [BEFORE, 'tool_calls', 1]);
        assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: 'Rome' });
    },
    'openai: a streamed call is collected': async () => {
        const { message } = (await client.chat.completions.stream({ ...ask, tools }).finalChatCompletion()).choices[0];
        assert.deepEqual([message.content, message.tool_calls[0].function.name], [BEFORE, 'get_weather']);
        assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: 'Rome' });
    },
    'openai: tools are run': async () => {
        const asked = [];
        const runnable = [{ type: 'function', function: { ...tools[0].function, parse: JSON.parse, function: ({ city }) => { asked.push(city); return 'sunny'; } } }];
        for (const stream of [false, true]) assert.equal(await client.chat.completions.runTools({ ...ask, stream, tools: runnable }).finalContent(), SAID);
        assert.deepEqual(asked, ['Rome', 'Rome']);
    },
    'openai: a call is forced': async () => {
        for (const tool_choice of ['required', { type: 'function', function: { name: 'get_weather' } }]) {
            const { message } = (await client.chat.completions.create({ ...ask, messages: [{ role: 'user', content: 'x' }], tools, tool_choice, max_tokens: 900 })).choices[0];
            assert.ok(['Rome', 'Paris'].includes(JSON.parse(message.tool_calls[0].function.arguments).city));
        }
    },
    'openai: prompts of four shapes are continued': async () => {
        const counts = [];
        for (const prompt of ['The sea', ['The', 'sea'], [40, 41], [[40], [41, 42]]]) counts.push((await client.completions.create({ model, prompt, max_tokens: 3, temperature: 0 })).choices.length);
        assert.deepEqual(counts, [1, 2, 1, 2]);
    },
    'openai: an echo has log-probabilities': async () => {
        const { choices } = await client.completions.create({ model, prompt: [40, 41, 42], max_tokens: 1, temperature: 0, echo: true, logprobs: 1 });
        assert.equal(choices[0].logprobs.token_logprobs.length, 4);
        assert.equal(choices[0].logprobs.token_logprobs[0], null);
    },
    'openai: streams are chosen': async () => {
        const { usage } = await client.chat.completions.create({ ...ask, streams: 2, stream_weights: true });
        assert.equal(usage.streams, 2);
    },
    'openai: a response has its text': async () =>
        assert.ok((await client.responses.create({ model, input: 'x', temperature: 0 })).output_text.startsWith(BEFORE)),
    'openai: a response streams': async () => {
        let text = '', last = '';
        for await (const event of await client.responses.create({ model, input: 'x', temperature: 0, stream: true })) {
            if (event.type === 'response.output_text.delta') text += event.delta;
            last = event.type;
        }
        assert.ok(text.startsWith(BEFORE));
        assert.equal(last, 'response.completed');
    },
};

const provider = createOpenAICompatible({ name: 'parscale', baseURL: `${url}/v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true });
const prompt = 'Weather in Rome?', asked = [];
const weather = { get_weather: tool({ description: 'Weather', inputSchema: jsonSchema(parameters), execute: async ({ city }) => { asked.push(city); return 'sunny'; } }) };

Object.assign(checks, {
    'ai: text is generated': async () => {
        const { text, finishReason, usage } = await generateText({ model: provider(model), prompt, temperature: 0 });
        assert.ok(text.startsWith(BEFORE));
        assert.equal(finishReason, 'stop');
        assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0);
    },
    'ai: text is streamed': async () => {
        const result = streamText({ model: provider(model), prompt, temperature: 0 });
        let text = '';
        for await (const part of result.textStream) text += part;
        assert.equal(text, (await generateText({ model: provider(model), prompt, temperature: 0 })).text);
        assert.equal(await result.finishReason, 'stop');
    },
    'ai: a limit and stop texts are read': async () => {
        assert.deepEqual((({ text, finishReason }) => [text, finishReason])(await generateText({ model: provider(model), prompt, temperature: 0, maxOutputTokens: 1 })), [BEFORE, 'length']);
        assert.equal((await generateText({ model: provider(model), prompt, temperature: 0, seed: 3, stopSequences: ['\n<'] })).text, BEFORE);
    },
    'ai: a tool is run and its result answered': async () => {
        asked.length = 0;
        assert.equal((await generateText({ model: provider(model), prompt, temperature: 0, tools: weather, stopWhen: stepCountIs(3) })).text, SAID);
        assert.deepEqual(asked, ['Rome']);
    },
    'ai: a tool is run while it streams': async () => {
        asked.length = 0;
        const result = streamText({ model: provider(model), prompt, temperature: 0, tools: weather, stopWhen: stepCountIs(3) });
        let text = '';
        for await (const part of result.textStream) text += part;
        assert.equal(text, BEFORE + SAID);
        assert.deepEqual(asked, ['Rome']);
    },
    'ai: a call is forced': async () => {
        const { toolCalls } = await generateText({ model: provider(model), prompt: 'x', temperature: 0, tools: { get_weather: tool({ inputSchema: jsonSchema(parameters) }) }, toolChoice: 'required', maxOutputTokens: 900 });
        assert.ok(['Rome', 'Paris'].includes(toolCalls[0].input.city));
    },
    'ai: an object of a schema is generated': async () => {
        const { output } = await generateText({ model: provider(model), prompt, temperature: 0, maxOutputTokens: 900, output: Output.object({ schema: jsonSchema(schema) }) });
        assert.ok(typeof output.large === 'boolean' && ['Rome', 'Paris'].includes(output.city));
    },
    'ai: a prompt is completed': async () =>
        assert.equal(typeof (await generateText({ model: provider.completionModel(model), prompt, temperature: 0, maxOutputTokens: 4 })).text, 'string'),
    'ai: an unknown model is an error with a status': () =>
        assert.rejects(generateText({ model: provider('nobody'), prompt, maxRetries: 0 }), error => error.statusCode === 404),
});

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
    try {
        await check();
        console.log(`ok - ${name}`);
    } catch (error) {
        failed++;
        console.log(`not ok - ${name}: ${String(error?.message ?? error).replaceAll('\n', ' ')}`);
    }
}
console.log(`${Object.keys(checks).length} checks, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
