// A real model behind the OpenAI dialect: node llama_server.mjs MODULES MODEL.gguf NAME PORT. Streams
// what llama.cpp writes, token by token, with its own counts; one generation at a time.

import { createServer } from 'node:http'
import { resolve } from 'node:path'

const [modules, path, name, port] = process.argv.slice(2)
const { getLlama, LlamaChatSession } = await import(resolve(modules, 'node-llama-cpp/dist/index.js'))
const llama = await getLlama({ gpu: false, maxThreads: 1, build: 'never', logLevel: 'error' })
const model = await llama.loadModel({ modelPath: path })
// One thread: several wait for each other where processors are shared.
const context = await model.createContext({ contextSize: 2048, threads: 1 })
const sequence = context.getSequence()
let turn = Promise.resolve()

async function chat({ messages, max_tokens: maxTokens, temperature, seed }, response) {
  const [system, user] = ['system', 'user'].map((role) => messages.find((one) => one.role === role)?.content ?? '')
  const send = (data) => response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  await sequence.clearHistory()
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: system })
  const before = sequence.tokenMeter.getState()
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  const { stopReason } = await session.promptWithMeta(user, { maxTokens, temperature, seed, onTextChunk: (content) => send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }) })
  session.dispose({ disposeSequence: false })
  const used = sequence.tokenMeter.diff(before)
  send({ choices: [{ index: 0, delta: {}, finish_reason: stopReason === 'maxTokens' ? 'length' : 'stop' }] })
  send({ choices: [], usage: { prompt_tokens: used.usedInputTokens, completion_tokens: used.usedOutputTokens } })
  send('[DONE]')
  response.end()
}

createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    if (request.url === '/v1/models') return response.end(JSON.stringify({ data: [{ id: name }] }))
    const body = JSON.parse(Buffer.concat(parts))
    turn = turn.then(() => chat(body, response)).catch((error) => {
      process.stderr.write(`${error.stack}\n`)
      response.destroy()
    })
  })
}).listen(Number(port), '127.0.0.1')
