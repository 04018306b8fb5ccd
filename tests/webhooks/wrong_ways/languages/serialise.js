// Writes each body (base64, a line each) anew in Node's ways: "line TAB what names it TAB base64".
const querystring = require("querystring");

const lines = require("fs").readFileSync(0, "ascii").trim().split("\n");
lines.forEach((line, at) => {
  const raw = Buffer.from(line, "base64");
  const body = raw.toString();
  const v = JSON.parse(body);
  const dropped = JSON.parse(body, (key, value) => (value === null ? undefined : value));
  const made = [
    ["JSON.stringify", JSON.stringify(v, null, 2)],
    ["JSON.stringify", JSON.stringify(v, null, 4)],
    ["JSON.stringify", JSON.stringify(v, null, "\t")],
    ["JSON.stringify", JSON.stringify(v.data)],
    ["JSON.stringify", JSON.stringify(v, Object.keys(v).sort())],
    ["JSON.stringify", JSON.stringify(dropped)],
    ["JSON of JSON", JSON.stringify(body)],
    ["Buffer", JSON.stringify(raw)],
    ["Uint8Array", JSON.stringify(new Uint8Array(raw))],
    ["object around", JSON.stringify({ body: v })],
    ["data part", JSON.stringify({ data: v.data })],
    ["event and data", JSON.stringify({ event: v.event, data: v.data })],
    ["date", JSON.stringify({ ...v, timestamp: Date.parse(v.timestamp) })],
    ["date", JSON.stringify({ ...v, timestamp: String(new Date(v.timestamp)) })],
    ["[object Object]", String(v)],
    ["form", String(new URLSearchParams(v))],
    ["form", String(new URLSearchParams(v.data))],
    ["form", querystring.stringify(v)],
    ["form", querystring.stringify(v.data)],
    ["values", Object.values(v.data).join("")],
    ["values", Object.values(v.data).join(",")],
    ["values", Object.values(v.data).join("|")],
    ["entries", String(Object.entries(v.data))],
    ["URL", encodeURIComponent(body)],
    ["URL", encodeURI(body)],
    ["Latin-1", Buffer.from(body, "latin1")],
    ["Latin-1", Buffer.from(body, "ascii")],
    ["Latin-1", raw.toString("latin1")],
    ["toString", raw.toString("ascii")],
    ["base64", raw.toString("base64")],
    ["base64", raw.toString("base64url")],
    ["hex", raw.toString("hex")],
    ["UTF-16", Buffer.from(body, "utf16le")],
    ["bytes", String(new Uint8Array(raw))],
    ["NFD", body.normalize("NFD")],
  ];
  for (const [name, text] of made) {
    console.log(`${at}\t${name}\t${Buffer.from(text).toString("base64")}`);
  }
});
