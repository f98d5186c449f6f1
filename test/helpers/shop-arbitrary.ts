import * as fc from "fast-check";
import type { ShopRecord, ShopRecords } from "./shop.ts";

// Beginning and end are letters, so that trimming leaves the text alone.
const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((middle) => `A${middle}z`);
const money = fc.integer({ min: 0, max: 9_999_999 });
const day = fc
  .tuple(fc.integer({ min: 1990, max: 2030 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, date]) => `${year}-${pad(month, 2)}-${pad(date, 2)}`);

const customer = fc.record(
  {
    full_name: text,
    phone: fc.constantFrom("+44 20 7946 0111", "", null),
    address: fc.record({ street: text, city: text, postcode: fc.constant("ZZ1 0ZZ") }),
    vip: fc.boolean(),
    joined: day,
    remarks: fc.option(fc.string({ unit: "binary", maxLength: 40 }).filter(isWellFormed)),
  },
  { requiredKeys: ["full_name"] },
);

const product = fc.record(
  {
    title: text,
    price: fc.double({ min: 0, max: 100_000, noNaN: true }),
    stock: fc.oneof(fc.nat(100_000), fc.nat(100_000).map(String)),
    description: text,
    discontinued_on: day,
  },
  { requiredKeys: ["title", "price"] },
);

/** Records of the shop of any number, with references among them, that a migration must accept. */
export const anyShopRecords: fc.Arbitrary<ShopRecords> = fc
  .record({
    customers: manyOf(customer, 12),
    products: manyOf(product, 12),
    orders: manyOf(
      fc.record({ of: fc.nat(), skus: fc.array(fc.nat(), { maxLength: 4 }), on: day, byCard: fc.boolean() }),
      8,
    ),
    lines: manyOf(
      fc.record({ of: fc.nat(), product: fc.nat(), cents: money, quantity: fc.integer({ min: 1, max: 1000 }) }),
      12,
    ),
  })
  .map(({ customers, products, orders, lines }) => ({
    customers: customers.map((values, at) => ({
      ...values,
      customer_no: at + 1,
      code: `CU-${pad(at, 4)}`,
      email: `customer${at}@example.com`,
    })),
    products: products.map((values, at) => ({ ...values, sku: sku(at), replaces_sku: at > 0 ? sku(at - 1) : null })),
    orders: orders.map(
      ({ of, skus, on, byCard }, at): ShopRecord => ({
        order_no: orderNo(at),
        customer_no: (of % customers.length) + 1,
        skus: [...new Set(skus.map((number) => sku(number % products.length)))],
        ordered_on: on,
        ...(byCard ? { card_hint: "1207" } : { invoice_code: "I-0001" }),
      }),
    ),
    order_lines: lines.map(({ of, product, cents, quantity }, at) => ({
      order_no: orderNo(of % orders.length),
      line_no: at + 1,
      sku: sku(product % products.length),
      unit_price: `${Math.trunc(cents / 100)}.${pad(cents % 100, 2)}`,
      quantity,
    })),
  }));

/** The same records, each collection in another order. */
export function shuffled(records: ShopRecords): fc.Arbitrary<ShopRecords> {
  const shuffle = (list: ShopRecord[]) => fc.shuffledSubarray(list, { minLength: list.length });
  const { customers, products, orders, order_lines } = records;
  return fc.record({
    customers: shuffle(customers),
    products: shuffle(products),
    orders: shuffle(orders),
    order_lines: shuffle(order_lines),
  });
}

function manyOf<Value>(one: fc.Arbitrary<Value>, maxLength: number): fc.Arbitrary<Value[]> {
  return fc.array(one, { minLength: 1, maxLength });
}

function isWellFormed(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}

function sku(index: number): string {
  return `P-${pad(index, 3)}`;
}

function orderNo(index: number): string {
  return `O-${pad(index, 4)}`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
