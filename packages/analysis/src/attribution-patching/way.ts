/**
 * What a patch would do, by slopes at points on the way between both runs: those up to where it takes the run itself.
 *
 * A part that does little leaves the run where it is, and the slope there is right; one that does nearly everything takes it all the way,
 * and where a run has decided, the slope at its beginning says nothing of that. So of each part slopes are averaged over a share of the way
 * that grows with what the whole way says it does.
 */

/**
 * Who does a third of it is judged by the whole way. With less than this parts that matter are judged too near the beginning, with more
 * those that do nothing too far from it; 2 to 4 are about as good.
 */
const stride = 3;

/**
 * @param points for each of n points, at 0, 1/n, … of the way, the change of every part times the slope there
 * @param whole what the metric changes by between the two runs
 * @returns for every part its change times the mean slope of its share of the way; between points slopes go straight, after the last they stay
 */
export function alongTheWay(points: readonly Float64Array[], whole: number): Float64Array {
  const [beginning, ...rest] = points;
  if (rest.length === 0) return beginning;
  return beginning.map((_, part) => {
    const slopes = points.map((point) => point[part]);
    const mean = slopes.reduce((sum, one) => sum + one, 0) / slopes.length;
    const share = mean === 0 ? 0 : Math.min(1, (stride * Math.abs(mean)) / Math.abs(whole));
    return meanUpTo(slopes, share);
  });
}

/** The mean of a line through numbers at 0, 1/n, … up to a place between 0 and 1. */
function meanUpTo(numbers: readonly number[], end: number): number {
  if (end === 0) return numbers[0];
  const steps = end * numbers.length;
  let area = 0;
  for (let at = 0; at < steps; at++) {
    const width = Math.min(1, steps - at);
    const from = numbers[at];
    const to = numbers[at + 1] ?? from;
    area += width * (from + ((to - from) * width) / 2);
  }
  return area / steps;
}
