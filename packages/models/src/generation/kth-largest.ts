/** The k-th largest of many numbers without sorting them (Hoare 1961, "Algorithm 65: Find"). */

/** @param k from 1 to the number of values */
export function kthLargest(values: Float64Array, k: number): number {
  const numbers = values.slice();
  const place = numbers.length - k; // in ascending order
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const [left, right] = partition(numbers, low, high);
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else break;
  }
  return numbers[place];
}

/** Moves smaller numbers to the left and larger ones to the right; between the two ends all equal the pivot. */
function partition(numbers: Float64Array, low: number, high: number): [number, number] {
  const pivot = numbers[(low + high) >> 1];
  let [left, right] = [low, high];
  while (left <= right) {
    while (numbers[left] < pivot) left++;
    while (numbers[right] > pivot) right--;
    if (left > right) break;
    const held = numbers[left];
    numbers[left++] = numbers[right];
    numbers[right--] = held;
  }
  return [left, right];
}
