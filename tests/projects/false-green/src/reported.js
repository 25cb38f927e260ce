// Vitest keeps updates back for 100 ms and may forget the last ones when its timer comes a moment too
// early (its runner's throttle): a test that ends more than 100 ms after it began is told of at once.
export const pause = (ms = 300) => new Promise((resolve) => setTimeout(resolve, ms))

// Returns when the controller has taken in what it was told: it answers in turn.
export async function reported() {
  await globalThis.__vitest_worker__.rpc.getCountOfFailedTests()
  await pause()
}
