import type { Field, ModuleShape } from "./field.ts";
import {
  choice,
  code,
  counters,
  date,
  flag,
  mail,
  moment,
  notes,
  postcode,
  reference,
  references,
  tenths,
  words,
} from "./fields.ts";
import { BREEDS, CITIES, DOGS, FIRST_NAMES, LAST_NAMES, STREETS } from "./words.ts";

/** Names of the shapes of generated data. */
export const SHAPES = ["standard", "small", "large", "many-modules", "wide"] as const;

/** A shape of generated data. */
export type Shape = (typeof SHAPES)[number];

const MODULES = 16;
const NOTES = [80, 160] as const;
const LONG_NOTES = [3300, 3900] as const;

/** The modules of a shape that have `size` entities together. */
export function modulesOf(shape: Shape, size: number): readonly ModuleShape[] {
  const [first, second] = [Math.ceil(size / 2), Math.floor(size / 2)];
  switch (shape) {
    case "standard":
      return [module("kunden", first, customer(NOTES)), module("hunde", second, dog("kunden", NOTES))];
    case "large":
      return [module("kunden", first, customer(LONG_NOTES)), module("hunde", second, dog("kunden", LONG_NOTES))];
    case "small":
      return [
        module("kunden", first, [code("K")]),
        module("hunde", second, [code("H"), reference("kundenId", "kunden")]),
      ];
    case "wide":
      return [module("kunden", first, customer(NOTES)), module("kurse", second, course())];
    case "many-modules":
      return Array.from({ length: MODULES }, (_, at) => {
        const count = Math.floor(size / MODULES) + (at < size % MODULES ? 1 : 0);
        return module(nameOf(at), count, at === 0 ? customer(NOTES) : dog(nameOf(at - 1), NOTES));
      });
  }
}

function nameOf(at: number): string {
  return `modul-${String(at + 1).padStart(2, "0")}`;
}

function module(name: string, count: number, fields: readonly Field[]): ModuleShape {
  const sorted = [...fields, ...counters()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return { name, count, fields: sorted };
}

function customer(length: readonly [number, number]): readonly Field[] {
  return [
    code("K"),
    moment("createdAt"),
    mail(),
    words("nachname", LAST_NAMES),
    flag("newsletter"),
    notes(...length),
    words("ort", CITIES),
    postcode(),
    words("strasse", STREETS, true),
    words("vorname", FIRST_NAMES),
  ];
}

function dog(owner: string, length: readonly [number, number]): readonly Field[] {
  return [
    code("H"),
    moment("createdAt"),
    date("geburtsdatum"),
    flag("geimpft"),
    choice("geschlecht", ["hündin", "rüde"]),
    tenths("gewichtKg", 90),
    reference("kundenId", owner),
    words("name", DOGS),
    notes(...length),
    words("rasse", BREEDS),
  ];
}

function course(): readonly Field[] {
  return [code("C"), moment("createdAt"), references("kundenIds", "kunden", 20), words("title", BREEDS, true)];
}
