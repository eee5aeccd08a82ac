// Exact numbers, { n, d } with whole n and d > 0 in lowest terms, and how they are written by hand: what `lenet_lab.toy.worked` has in Python.
// Exponentials and logarithms have 45 digits. Nothing here needs a browser.

const ONE = 10n ** 45n;                                             // a number in fixed point is so many times its value

const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a; };

export function fraction(n, d = 1n) {
  [n, d] = [BigInt(n), BigInt(d)];
  const common = gcd(n, d) * (d < 0n ? -1n : 1n);
  return { n: n / common, d: d / common };
}

export const ZERO = fraction(0);
export const add = (a, b) => fraction(a.n * b.d + b.n * a.d, a.d * b.d);
export const minus = (a, b) => fraction(a.n * b.d - b.n * a.d, a.d * b.d);
export const times = (a, b) => fraction(a.n * b.n, a.d * b.d);
export const over = (a, b) => fraction(a.n * b.d, a.d * b.n);
export const compare = (a, b) => { const difference = a.n * b.d - b.n * a.d; return difference < 0n ? -1 : difference > 0n ? 1 : 0; };

export function parsed(text) {                                      // "-0.25", "1/3"
  const [top, bottom = "1"] = text.split("/"), [whole, decimals = ""] = top.split(".");
  return fraction(BigInt(`${whole}${decimals}`.replace(/^([+-]?)$/, "$10").replace("+", "")), 10n ** BigInt(decimals.length) * BigInt(bottom));
}

export const float = ({ n, d }) => Number((n << 200n) / d) / 2 ** 200;

export function exp(value) {                                        // of a number that is not positive
  const fixed = value.n * ONE / value.d, halvings = 8n;
  const small = fixed >> halvings;
  let term = ONE, sum = ONE;
  for (let k = 1n; term !== 0n && k < 200n; k++) { term = term * small / ONE / k; sum += term; }
  for (let k = 0n; k < halvings; k++) sum = sum * sum / ONE;
  return fraction(sum, ONE);
}

export function ln(value) {                                         // of a number between 0 and 1, by Newton's method
  let guess = fraction(BigInt(Math.round(Math.log(float(value)) * 1e15)), 10n ** 15n);
  for (let round = 0; round < 3; round++) {
    const power = exp(guess), step = over(minus(value, power), power);
    guess = fraction((guess.n * step.d + step.n * guess.d) * ONE / (guess.d * step.d), ONE);
  }
  return guess;
}

const isExact = ({ d }) => d < 1000n || 10_000n % d === 0n;
export const allExact = (values) => values.every(isExact);

export function show(value) {                                       // 3, 0.25, 1/3; others with four decimals
  const { n, d } = value, size = n < 0n ? -n : n;
  if (size >= 10_000_000n * d) return float(value).toExponential(1);
  if (d === 1n) return String(n);
  if (10_000n % d === 0n) return float(value).toFixed(4).replace(/0+$/, "");
  if (d < 1000n) return `${n}/${d}`;
  if (size * 1000n >= d) return float(value).toFixed(4);
  const [digits, power] = float(value).toExponential(1).replace(/\.0e/, "e").split("e");
  return +power < -4 ? `${digits}e-${String(-power).padStart(2, "0")}` : String(Number(float(value).toPrecision(2)));
}

export function factor(value) {                                     // inside a product or a sum
  const text = show(value);
  return text.startsWith("-") || text.includes("/") ? `(${text})` : text;
}
