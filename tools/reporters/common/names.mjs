// Names of the tests of one file: each is given once.

export class Names {
  #taken = new Map() // full name -> how many tests have it
  #used = new Set() // names given out

  /** `full`, or for the second test that has it `full #2`, or the next that is free. */
  unique(full) {
    let name
    do {
      const count = (this.#taken.get(full) ?? 0) + 1
      this.#taken.set(full, count)
      name = count === 1 ? full : `${full} #${count}`
    } while (this.#used.has(name))
    this.#used.add(name)
    return name
  }
}
