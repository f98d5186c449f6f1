import fc from "fast-check";
import t from "tap";
import { UNREADABLE_TEXT } from "../../tools/migration/model/source-record.ts";
import { KeyOrder } from "../../tools/migration/sources/key-order.ts";

const BY_FIRST = [{ at: 0, name: "code" }];

function isInOrder(rows: readonly (readonly unknown[])[], columns = BY_FIRST): boolean {
  const order = new KeyOrder(columns, "things");
  try {
    for (const row of rows) order.check([row]);
    return true;
  } catch (error) {
    t.match(error, { code: "SOURCE_READ", message: /^The rows of things did not come in the order of / });
    return false;
  }
}

t.test("rows in the order of the bytes of their keys pass, and others do not", async (t) => {
  t.ok(
    isInOrder([[null], [-1], [9007199254740992n], ["B"], ["a"], ["a"], ["ä"], ["\uffff"], ["🐝"], [Buffer.from([0])]]),
  );
  for (const [first, second] of [
    ["a", "B"],
    ["🐝", "\uffff"],
    ["ab", "a"],
    [10, 9],
    [9007199254740993n, 9007199254740992],
    ["a", 1],
    [Buffer.from([2]), Buffer.from([1, 9])],
    [1, null],
  ])
    t.notOk(isInOrder([[first], [second]]), `${String(first)} before ${String(second)}`);
  t.ok(isInOrder([["b"], [UNREADABLE_TEXT], ["b"]]), "what is unreadable has no place");
  const two = [
    { at: 1, name: "a" },
    { at: 0, name: "b" },
  ];
  t.ok(
    isInOrder(
      [
        [9, "a"],
        [1, "b"],
        [2, "b"],
      ],
      two,
    ),
  );
  t.notOk(
    isInOrder(
      [
        [1, "b"],
        [0, "b"],
      ],
      two,
    ),
  );
});

t.test("texts pass exactly where their bytes are in order", async () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  await fc.assert(
    fc.property(text, text, (a, b) => isInOrder([[a], [b]]) === Buffer.compare(Buffer.from(a), Buffer.from(b)) <= 0),
  );
});
