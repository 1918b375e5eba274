// Files to and from the API: a form goes up, a file comes down. Failures are the same `ApiProblem` as everywhere.

import { ApiProblem } from "../api/client";

async function answered(path: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (fault) {
    throw new ApiProblem("unreachable", 0, fault instanceof Error ? fault.message : String(fault));
  }
  if (response.ok) return response;
  const json = response.headers.get("content-type")?.includes("json");
  const body = (json ? await response.json() : {}) as Record<string, unknown>;
  const kind = typeof body.type === "string" ? (body.type.split(":").at(-1) ?? "refused") : "internal";
  throw new ApiProblem(kind, response.status, typeof body.detail === "string" ? body.detail : "", body);
}

export async function upload<T>(path: string, file: File): Promise<T> {
  const form = new FormData();
  form.append("file", file, file.name);
  return (await (await answered(path, { method: "POST", body: form })).json()) as T;
}

/** Asks for a file and hands it to the browser, under the name that the server gave it. */
export async function download(path: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const response = await answered(path, { method: "POST", headers, body: JSON.stringify(body) });
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "customers";
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
