/** Nearer to a whole number than this, a quota is that number: weights such as 0.1 leave crumbs behind. */
const CRUMB = 1e-6;

/**
 * Whole numbers in proportion to the weights that add up to the total: each quota is rounded down, and what is left
 * over goes, one each, to those whose `held` is above that already, so that as little as possible has to move; then to
 * the largest remainders; then to the first. Weights are finite, not negative, and one of them at least is not 0.
 */
export function apportion(total: number, weights: readonly number[], held?: readonly number[]): readonly number[] {
  const quotas = quotasOf(total, weights).map((quota) =>
    Math.abs(quota - Math.round(quota)) < CRUMB ? Math.round(quota) : quota,
  );
  const shares = quotas.map(Math.floor);
  const remainder = (i: number) => quotas[i]! - shares[i]!;
  const holds = (i: number) => Number((held?.[i] ?? 0) > shares[i]!);

  const leftOver = total - shares.reduce((sum, share) => sum + share, 0);
  const candidates = [...shares.keys()].filter((i) => remainder(i) > 0);
  const order = candidates.sort((a, b) => holds(b) - holds(a) || remainder(b) - remainder(a) || a - b);
  const lucky = new Set(order.slice(0, leftOver));
  return shares.map((share, i) => (lucky.has(i) ? share + 1 : share));
}

/** The exact proportions, the same whatever the order of the weights. */
export function quotasOf(total: number, weights: readonly number[]): readonly number[] {
  const largest = Math.max(...weights);
  // Divided first: the sum of huge weights would be infinite. Sorted: a sum of floats depends on their order.
  const parts = weights.map((weight) => weight / largest);
  const whole = [...parts].sort((a, b) => a - b).reduce((sum, part) => sum + part, 0);
  return parts.map((part) => (total * part) / whole);
}

/**
 * How much each must get for all to be as even as can be when nobody gives: the lowest are filled up to one level, and
 * what is left over goes, one each, to the first of those that lie on it.
 */
export function fillUp(amount: number, held: readonly number[]): readonly number[] {
  const missing = (level: number) => held.reduce((sum, own) => sum + Math.max(0, level - own), 0);
  let level = 0;
  for (let above = amount + Math.max(...held) + 1; above - level > 1; ) {
    const middle = Math.floor((level + above) / 2);
    if (missing(middle) <= amount) level = middle;
    else above = middle;
  }
  let leftOver = amount - missing(level);
  return held.map((own) => Math.max(0, level - own) + Number(own <= level && leftOver-- > 0));
}
