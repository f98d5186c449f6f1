import t from "tap";
import { findKey, type KeyedKind, keyedKind, replaceAt } from "../../tools/migration/stores/keyed-text.ts";

/** The text after a change, or why there is none. */
function changed(kind: KeyedKind, text: string, key: string, to: string): string {
  const place = findKey(kind, text, key);
  return typeof place === "string" ? place : (replaceAt(text, place, to) ?? "cannot be written");
}

t.test("files are known by their names", async (t) => {
  const kinds = ["a/x.json", "x.yaml", "x.YML", ".env", ".env.prod", "prod.env", "x.toml", "env.txt"].map(keyedKind);
  t.strictSame(kinds, ["json", "yaml", "yaml", "env", "env", "env", undefined, undefined]);
});

t.test("JSON: only the value changes, whatever stands around it", async (t) => {
  const text =
    '{ "a" : {"root":"x", "other":[1, {"root": "no"}] },\r\n\t"root":  "old" , "n": 1,"b":true, "e\\"k":"v" }';
  t.equal(changed("json", text, "/root", "new"), text.replace('"old"', '"new"'));
  t.equal(changed("json", text, "root", 'q"uote'), text.replace('"old"', '"q\\"uote"'));
  t.equal(changed("json", text, "/a/root", "y"), text.replace('"x"', '"y"'));
  t.equal(changed("json", text, "/a/other/1/root", "y"), text.replace('"no"', '"y"'));
  t.equal(changed("json", text, 'e"k', "w"), text.replace('"v"', '"w"'));
  t.equal(changed("json", text, "n", "2"), text.replace('"n": 1', '"n": 2'));
  t.equal(changed("json", text, "b", "false"), text.replace('"b":true', '"b":false'));
});

t.test("JSON: what cannot be kept is refused", async (t) => {
  t.match(changed("json", '{"a":"x" /* why */}', "a", "y"), /not strict JSON/);
  t.match(changed("json", '{"a":"x","a":"y"}', "a", "z"), /not strict JSON/);
  t.match(changed("json", '{"a":"x"}', "b", "z"), /no such key/);
  t.match(changed("json", '{"a":{"b":1}}', "a", "z"), /no text/);
  t.equal(changed("json", '{"a":1}', "a", "one"), "cannot be written");
});

t.test("YAML: comments, order and style stay", async (t) => {
  const text = "# head\nlive:\n  root: old   # which one\n  quoted: 'x'\nlist: [a, b]\nn: 1\n";
  t.equal(changed("yaml", text, "/live/root", "new"), text.replace("old", "new"));
  t.equal(changed("yaml", text, "/live/root", "yes: no"), text.replace("old", '"yes: no"'));
  t.equal(changed("yaml", text, "/live/root", "true"), text.replace("old", '"true"'), "a text stays a text");
  t.equal(changed("yaml", text, "/live/root", "010"), text.replace("old", '"010"'));
  t.equal(changed("yaml", text, "/live/quoted", "y"), text.replace("'x'", '"y"'));
  t.equal(changed("yaml", text, "/list/1", "c"), text.replace("b]", "c]"));
  t.equal(changed("yaml", text, "n", "2"), text.replace("n: 1", "n: 2"));
});

t.test("YAML: what cannot be kept is refused", async (t) => {
  t.match(changed("yaml", "a: &x old\nb: *x\n", "a", "new"), /aliases/);
  t.match(changed("yaml", "a: |\n  old\n", "a", "new"), /block/);
  t.match(changed("yaml", "a: old\n---\na: other\n", "a", "new"), /one YAML document/);
  t.match(changed("yaml", "a: x\na: y\n", "a", "new"), /strict/);
  t.match(changed("yaml", "a: {b: c}\n", "a", "new"), /no text/);
  t.match(changed("yaml", "a: x\n", "b", "new"), /no such key/);
});

t.test("env: quotes, comments and the order of lines stay", async (t) => {
  const text = "# env\nexport A=old # why\nB=\"x\"\r\nC='y'\nAA=1\nEMPTY=\n";
  t.equal(changed("env", text, "A", "new"), text.replace("=old", "=new"));
  t.equal(changed("env", text, "A", "two words"), text.replace("=old", '="two words"'));
  t.equal(changed("env", text, "B", "z"), text.replace('"x"', '"z"'));
  t.equal(changed("env", text, "C", "$z"), text.replace("'y'", "'$z'"));
  t.equal(changed("env", text, "EMPTY", "full"), text.replace("EMPTY=", "EMPTY=full"));
  t.equal(changed("env", text, "A", "$(x)"), "cannot be written");
  t.equal(changed("env", text, "B", 'q"'), "cannot be written");
  t.match(changed("env", text, "MISSING", "x"), /no such key/);
  t.match(changed("env", "A=1\nA=2\n", "A", "x"), /twice/);
  t.match(changed("env", "A=$B\n", "A", "x"), /cannot be kept/);
});
