// A suite without a test.
import { describe } from 'vitest'

describe('nothing in here', () => {})
