/** Times as Python's `strftime` writes them in the C locale. */
import type { Budget } from "./budget.js";
import { wrongTemplate } from "./fault.js";

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months =
  "January February March April May June July August September October November December".split(
    " ",
  );
const two = (value: number, fill = "0") => String(value).padStart(2, fill);
const hour12 = (date: Date) => date.getHours() % 12 || 12;
const dayOfYear = (date: Date) =>
  Math.round(
    (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) -
      Date.UTC(date.getFullYear(), 0, 1)) /
      86_400_000,
  );
/** Weeks of the year that have begun on such a day. */
const week = (date: Date, weekday: number) => Math.floor((dayOfYear(date) + 7 - weekday) / 7);

/** The year and week of ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): readonly [number, number] {
  const thursday = new Date(
    date.getFullYear(),
    date.getMonth(),
    date.getDate() + 4 - (date.getDay() || 7),
  );
  return [thursday.getFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1];
}

const codes: Readonly<Record<string, string | ((date: Date) => string)>> = {
  a: (date) => days[date.getDay()].slice(0, 3),
  A: (date) => days[date.getDay()],
  w: (date) => String(date.getDay()),
  u: (date) => String(date.getDay() || 7),
  d: (date) => two(date.getDate()),
  e: (date) => two(date.getDate(), " "),
  b: (date) => months[date.getMonth()].slice(0, 3),
  h: (date) => months[date.getMonth()].slice(0, 3),
  B: (date) => months[date.getMonth()],
  m: (date) => two(date.getMonth() + 1),
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  G: (date) => String(isoWeek(date)[0]),
  g: (date) => two(isoWeek(date)[0] % 100),
  V: (date) => two(isoWeek(date)[1]),
  U: (date) => two(week(date, date.getDay())),
  W: (date) => two(week(date, (date.getDay() + 6) % 7)),
  j: (date) => String(dayOfYear(date) + 1).padStart(3, "0"),
  H: (date) => two(date.getHours()),
  k: (date) => two(date.getHours(), " "),
  I: (date) => two(hour12(date)),
  l: (date) => two(hour12(date), " "),
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  P: (date) => (date.getHours() < 12 ? "am" : "pm"),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
  f: (date) => `${String(date.getMilliseconds()).padStart(3, "0")}000`,
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  c: "%a %b %e %H:%M:%S %Y",
  x: "%m/%d/%y",
  D: "%m/%d/%y",
  X: "%H:%M:%S",
  T: "%H:%M:%S",
  F: "%Y-%m-%d",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  z: "",
  Z: "",
  n: "\n",
  t: "\t",
  "%": () => "%",
};

/**
 * Zones are left out, as of a time that knows none. `-` before a code leaves out zeros, as on Linux.
 *
 * @throws TemplateFault for a code that C does not know
 */
export function formatTime(format: string, date: Date, budget: Budget): string {
  budget.pass(format.length, 8);
  return format.replace(/%([-_0^]?)([\s\S]?)/gu, (whole, flag: string, letter: string) => {
    const code = Object.hasOwn(codes, letter) ? codes[letter] : undefined;
    if (code === undefined) throw wrongTemplate(`strftime_now has no code "${whole}"`);
    const text = typeof code === "string" ? formatTime(code, date, budget) : code(date);
    if (flag === "^") return text.toUpperCase();
    if (!/^[ 0]?\d/.test(text)) return text;
    if (flag === "-") return text.replace(/^[ 0]+(?=\d)/, "");
    if (flag === "_") return text.replace(/^0+(?=\d)/, (zeros) => " ".repeat(zeros.length));
    return flag === "0" ? text.replace(/^ +/, (blanks) => "0".repeat(blanks.length)) : text;
  });
}
