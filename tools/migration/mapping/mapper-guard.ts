/**
 * Runs in a mapper's context before the mapper's own text: what would make the result depend on more than the record
 * (clock, randomness, locale, time zone, the stack) is refused, and so is a result that JSON would change.
 */
export const MAPPER_GUARD = `"use strict";
(() => {
const refuse = (name) => () => { throw new Error(name + " is refused in a mapper: the same record must give the same entity"); };
const zoned = (value) => typeof value === "number" ||
  (typeof value === "string" && /^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2}))?$/.test(value));
const Clock = Date;
const guarded = new Proxy(Clock, {
  construct(target, args) {
    if (args.length !== 1 || !zoned(args[0])) refuse("a date without a time zone")();
    return Reflect.construct(target, args);
  },
  apply: refuse("Date()"),
  get(target, key) {
    if (key === "now") return refuse("Date.now");
    if (key === "parse") return (text) => zoned(text) ? Clock.parse(text) : refuse("a date without a time zone")();
    return Reflect.get(target, key);
  },
});
Object.defineProperty(Clock.prototype, "constructor", { value: guarded, writable: false, configurable: false });
globalThis.Date = guarded;
for (const name of Object.getOwnPropertyNames(Clock.prototype)) {
  if (/^(get|set)(?!UTC|Time$)|^to(?!ISOString$|JSON$)/.test(name)) Clock.prototype[name] = refuse("Date.prototype." + name);
}
Math.random = refuse("Math.random");
String.prototype.localeCompare = refuse("localeCompare");
for (const type of [String, Number, Array, BigInt]) for (const name of ["toLocaleLowerCase", "toLocaleUpperCase", "toLocaleString"])
  if (type.prototype[name]) type.prototype[name] = refuse(name);
for (const name of ["Intl", "WebAssembly", "SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry", "console"]) delete globalThis[name];
Object.defineProperty(Error, "stackTraceLimit", { value: 0, writable: false, configurable: false });
const { parse, stringify } = JSON;
const host = globalThis.__lookup;
delete globalThis.__lookup;
const ref = (module, legacyId) => host(String(module), String(legacyId));
function exact(key) {
  const value = this[key];
  const plain = typeof value !== "object" || value === null || Array.isArray(value) ||
    [Object.prototype, null].includes(Object.getPrototypeOf(value));
  const lost = typeof value === "number" ? !Number.isFinite(value) || Object.is(value, -0) : typeof value === "function" || typeof value === "symbol";
  if (!plain || lost || (value === undefined && Array.isArray(this))) throw new TypeError("not a JSON value");
  return value;
}
globalThis.module = { exports: undefined };
globalThis.__call = (input) => {
  const given = parse(input);
  return stringify(globalThis.module.exports(given.record, given.entity, ref), exact);
};
})();
`;
