// Returns when the controller has taken in what the worker told it so far. Vitest keeps updates back
// for a moment; after that, an answer says that everything before the question has arrived.
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function reported() {
  await pause(500)
  await globalThis.__vitest_worker__.rpc.getCountOfFailedTests()
  await pause(200)
}
