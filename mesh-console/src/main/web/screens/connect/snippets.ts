// What to type into each client, with the real address and a real model. Texts only; every one of them is quoted for the
// language it stands in, since a model's name is somebody else's.

export interface Snippet {
  /** What the text is, or the file it belongs in. */
  title: string
  text: string
}

export interface Client {
  key: string
  name: string
  kind: 'Terminal' | 'Libraries' | 'Coding agents' | 'Applications'
  snippets: (apiUrl: string, model: string) => Snippet[]
  note?: string
}

const HELLO = 'Say hello in one sentence.'

function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A string literal that JSON, JavaScript, Python, TOML and YAML read alike. */
function literal(text: string): string {
  return JSON.stringify(text)
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

export const CLIENTS: Client[] = [
  {
    key: 'curl',
    name: 'curl',
    kind: 'Terminal',
    snippets: (apiUrl, model) => [
      {
        title: 'A question',
        text: `curl ${apiUrl}/v1/chat/completions \\
  -H 'content-type: application/json' \\
  -d ${shell(JSON.stringify({ model, messages: [{ role: 'user', content: HELLO }] }))}`,
      },
      { title: 'The models of the mesh', text: `curl ${apiUrl}/v1/models` },
    ],
  },
  {
    key: 'openai-python',
    name: 'OpenAI, Python',
    kind: 'Libraries',
    snippets: (apiUrl, model) => [
      {
        title: 'Python',
        text: `from openai import OpenAI

client = OpenAI(base_url=${literal(apiUrl + '/v1')}, api_key="none")
stream = client.chat.completions.create(
    model=${literal(model)},
    messages=[{"role": "user", "content": ${literal(HELLO)}}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")`,
      },
    ],
  },
  {
    key: 'openai-node',
    name: 'OpenAI, Node',
    kind: 'Libraries',
    snippets: (apiUrl, model) => [
      {
        title: 'JavaScript',
        text: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: ${literal(apiUrl + '/v1')}, apiKey: 'none' })
const stream = await client.chat.completions.create({
  model: ${literal(model)},
  messages: [{ role: 'user', content: ${literal(HELLO)} }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')`,
      },
    ],
  },
  {
    key: 'anthropic',
    name: 'Anthropic',
    kind: 'Libraries',
    snippets: (apiUrl, model) => [
      {
        title: 'Python',
        text: `from anthropic import Anthropic

client = Anthropic(base_url=${literal(apiUrl)}, api_key="none")
message = client.messages.create(
    model=${literal(model)},
    max_tokens=512,
    messages=[{"role": "user", "content": ${literal(HELLO)}}],
)
print(message.content[0].text)`,
      },
    ],
  },
  {
    key: 'ollama',
    name: 'Ollama',
    kind: 'Libraries',
    snippets: (apiUrl, model) => [
      { title: 'For programs that look for Ollama', text: `export OLLAMA_HOST=${apiUrl}` },
      {
        title: 'Python',
        text: `from ollama import Client

client = Client(host=${literal(apiUrl)})
for part in client.chat(model=${literal(model)}, messages=[{"role": "user", "content": ${literal(HELLO)}}], stream=True):
    print(part.message.content, end="")`,
      },
    ],
    note: 'Loading and unloading is decided by the mesh: keep_alive has no effect, and create, copy, push and delete are refused.',
  },
  {
    key: 'claude-code',
    name: 'Claude Code',
    kind: 'Coding agents',
    snippets: (apiUrl, model) => [
      {
        title: 'Terminal',
        text: `ANTHROPIC_BASE_URL=${apiUrl} \\
ANTHROPIC_AUTH_TOKEN=none \\
ANTHROPIC_MODEL=${shell(model)} \\
ANTHROPIC_DEFAULT_HAIKU_MODEL=${shell(model)} \\
claude`,
      },
    ],
    note: 'Its first message is about 50 KB: take a model with 32,768 tokens of context or more.',
  },
  {
    key: 'codex',
    name: 'Codex',
    kind: 'Coding agents',
    snippets: (apiUrl, model) => [
      {
        title: '~/.codex/config.toml',
        text: `model = ${literal(model)}
model_provider = "mesh"

[model_providers.mesh]
name = "mesh"
base_url = ${literal(apiUrl + '/v1')}
wire_api = "responses"`,
      },
    ],
    note: 'Its first message is about 40 KB: take a model with 32,768 tokens of context or more.',
  },
  {
    key: 'opencode',
    name: 'opencode',
    kind: 'Coding agents',
    snippets: (apiUrl, model) => [
      {
        title: 'opencode.json',
        text: json({
          $schema: 'https://opencode.ai/config.json',
          model: `mesh/${model}`,
          provider: {
            mesh: {
              npm: '@ai-sdk/openai-compatible',
              name: 'mesh',
              options: { baseURL: `${apiUrl}/v1` },
              models: { [model]: { name: model } },
            },
          },
        }),
      },
    ],
    note: 'Its first message is about 30 KB: take a model with 32,768 tokens of context or more.',
  },
  {
    key: 'continue',
    name: 'Continue',
    kind: 'Coding agents',
    snippets: (apiUrl, model) => [
      {
        title: '~/.continue/config.yaml',
        text: `name: mesh
version: 0.0.1
schema: v1
models:
  - name: ${literal(model)}
    provider: openai
    model: ${literal(model)}
    apiBase: ${literal(apiUrl + '/v1')}
    apiKey: none
    roles: [chat, edit, apply]`,
      },
    ],
  },
  {
    key: 'open-webui',
    name: 'Open WebUI',
    kind: 'Applications',
    snippets: apiUrl => [
      {
        title: 'Terminal',
        text: `OPENAI_API_BASE_URL=${apiUrl}/v1 \\
OPENAI_API_KEY=none \\
ENABLE_OLLAMA_API=false \\
open-webui serve`,
      },
    ],
    note: 'In a container give it the network of the host: the API listens on this machine alone.',
  },
]
