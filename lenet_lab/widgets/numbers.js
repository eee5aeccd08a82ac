// How every widget writes numbers: one minus sign, one product sign, one form of a percentage. Nothing here needs a browser.

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const raised = (power) => String(power).replace("-", "⁻").replace(/\d/g, (digit) => RAISED[digit]);

// What Python or JavaScript wrote, as it is set: −3, 2·5, 5×5, 1.2·10⁻⁷. Names with a hyphen stay as they are.
export function typeset(text) {
  return String(text)
    .replace(/(\d)e([+-]?)0*(\d+)/g, (_, digit, sign, power) => `${digit}·10${raised(sign === "-" ? `-${power}` : power)}`)
    .replace(/(\d)x(?=\d)/g, "$1×")
    .replace(/\*/g, "·")
    .replace(/(^|[\s(=·,:;…/])-(?=[\d.(∞]|inf|ln|\s\S)/g, "$1−");
}

// A number with so many significant digits: 0.00123, −4.5, 3·10⁻⁷.
export function number(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "−inf" : "inf";
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 1e-4 && size < 1e6);
  return typeset(plain ? String(Number(value.toPrecision(digits)) + 0) : value.toExponential(digits - 1).replace(/\.?0*e/, "e"));
}

export const plus = (value, digits) => (value > 0 ? "+" : "") + number(value, digits);

export const percent = (share, decimals = 1) => (Number.isFinite(share) ? `${(100 * share).toFixed(decimals)} %` : "no number");

export const count = (whole) => whole.toLocaleString("en");
