/** The merges that are possible in a word: the earliest in the list first and, of those, the leftmost. */

/** A heap of numbers that hold both. */
export class MergeQueue {
  private readonly heap: number[] = [];

  push(rank: number, place: number): void {
    const { heap } = this;
    const value = rank * 2 ** 27 + place; // words are shorter than 2 ** 27, and lists than 2 ** 26
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= value) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = value;
  }

  pop(): { readonly rank: number; readonly place: number } | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined) return undefined;
    if (heap.length > 0) this.sink(last);
    return { rank: Math.floor(first / 2 ** 27), place: first % 2 ** 27 };
  }

  private sink(value: number): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= value) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  }
}
