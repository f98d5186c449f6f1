import type { Bound } from "../plan/bind.ts";
import type { Plan } from "../plan/plan.ts";

/** Variables in which the engines' own programs, and this tool, look for a password or a connection string. */
const KNOWN = ["PGPASSWORD", "MYSQL_PWD", "DATABASE_URL"];

/** Everything that no record may hold, by name: secrets, connection strings, and the passwords that are in them. */
export function maskedValues(
  plan: Plan,
  bound: Bound,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const hasServer = [...plan.dbs.values()].some((db) => db.kind === "server");
  const known = (hasServer ? KNOWN : []).map((name) => [name, environment[name] ?? ""] as const);
  const whole = [...bound.secrets, ...bound.connections, ...known];
  return new Map([...whole, ...whole.flatMap(([name, value]) => passwordsIn(name, value))]);
}

/** The password of a connection string, as it is and as it is written there. */
function passwordsIn(name: string, text: string): readonly (readonly [string, string])[] {
  if (!/^[a-z]+:\/\//i.test(text) || !URL.canParse(text)) return [];
  const url = new URL(text);
  const written = url.password || (url.searchParams.get("password") ?? "");
  return [
    [`${name} password`, decoded(written)],
    [`${name} password as written`, written],
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
