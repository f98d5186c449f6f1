// A container of the practice estate: a real HTTP service whose behaviour is read from the state folder at each request.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";

const [state = "", name = "", port = "0", host = "local"] = process.argv.slice(2);
const read = (file: string, otherwise: string): string => {
  const path = join(state, file);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : otherwise;
};

/** What /health says; `@route` is the host that the tunnel leads to. */
function health(): string {
  return read(`services/${name}/health.json`, '{"status":"ok"}').replace("@route", read("route", "docker-host"));
}

/** How often a service that flaps or fails a few times was asked. */
let asked = 0;

function respond(request: IncomingMessage, response: ServerResponse, body: string): void {
  const [mode = "ok", delayMs] = read(`services/${name}/mode`, "ok").split(" ");
  asked += 1;
  if (mode === "hang") return;
  if (mode === "drip") drip(response, Number(delayMs ?? "200"));
  else if (mode === "fail") send(response, 500, "<html><body>Internal Server Error</body></html>");
  else if (mode === "sick") send(response, 200, '{"status":"degraded","db":"down"}');
  else if (mode === "down" || (mode === "flap" && asked % 2 === 0)) request.socket.destroy();
  else route(request, response, body);
}

function route(request: IncomingMessage, response: ServerResponse, body: string): void {
  const path = request.url ?? "";
  const seed = /^\/api\/v1\/seeds\/([A-Za-z0-9-]+)$/.exec(path)?.[1];
  if (path === "/health") send(response, 200, health());
  else if (path === "/api/v1/intake/validate") {
    const valid = isValid(body);
    send(response, valid ? 200 : 422, JSON.stringify({ valid }));
  } else if (path === "/api/v1/intake") intake(response, body);
  else {
    const text = seed === undefined ? "" : read(`seeds/${seed}.json`, "");
    send(response, text === "" ? 404 : 200, text === "" ? '{"error":"not found"}' : text);
  }
}

/** Makes a seed; its metadata is kept only where the database has the column for it. */
function intake(response: ServerResponse, body: string): void {
  if (!isValid(body)) {
    send(response, 422, '{"valid":false}');
    return;
  }
  mkdirSync(join(state, "seeds"), { recursive: true });
  const id = `seed-${readFileSync(join(state, "effects.log"), "utf8").split("\n").length}`;
  const metadata = existsSync(join(state, "db/metadata")) ? JSON.parse(body) : null;
  writeFileSync(join(state, "seeds", `${id}.json`), JSON.stringify({ id, metadata }));
  writeFileSync(join(state, "effects.log"), `${host}: seed made\n`, { flag: "a" });
  send(response, 201, JSON.stringify({ seed_id: id, has_line_item: true }));
}

function isValid(body: string): boolean {
  try {
    return Array.isArray(JSON.parse(body).line_items);
  } catch {
    return false;
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": body.startsWith("{") ? "application/json" : "text/html" });
  response.end(body);
}

/** One byte at a time, never an end. */
function drip(response: ServerResponse, delayMs: number): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(" "), delayMs);
  response.on("close", () => clearInterval(timer));
}

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += String(part);
  });
  request.on("end", () => respond(request, response, body));
});
server.listen(Number(port), "127.0.0.1", () => {
  const ready = join(state, "ready", port);
  writeFileSync(`${ready}.new`, `${process.pid}\n`);
  renameSync(`${ready}.new`, ready);
});

// A world that was cleared away takes its services with it.
setInterval(() => {
  if (existsSync(join(state, "effects.log"))) return;
  server.close();
  server.closeAllConnections();
}, 5000).unref();
