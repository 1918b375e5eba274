// One way to speak to the API: JSON in, JSON out, every failure an `ApiProblem` whose `kind` the pages can put into words.

export interface FieldFault {
  field: string;
  message: string;
  /** Where a page shows it to people. */
  message_zh?: string;
}

/** A failed request. `kind` is the last part of the problem's type, or `unreachable` when no answer came. */
export class ApiProblem extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    readonly detail: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(`${kind} (${status}): ${detail}`);
    this.name = "ApiProblem";
  }

  get fieldFaults(): FieldFault[] {
    return Array.isArray(this.extra.errors) ? (this.extra.errors as FieldFault[]) : [];
  }
}

const REQUEST_TIMEOUT_MS = 15_000;
const UPLOAD_TIMEOUT_MS = 120_000;

let onSessionOver: () => void = () => {};

/** What to do when the server says that the session is over; set once by the session store. */
export function whenSessionIsOver(action: () => void): void {
  onSessionOver = action;
}

let askForPassword: () => Promise<boolean> = async () => false;
let asking: Promise<boolean> | null = null;

/** How one's password is asked for and shown again; true when it was right. Set once by the window that asks. */
export function whenPasswordIsAsked(action: () => Promise<boolean>): void {
  askForPassword = action;
}

/** Several requests at once ask once. */
function shownAgain(): Promise<boolean> {
  asking ??= askForPassword().finally(() => {
    asking = null;
  });
  return asking;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  let body: Record<string, unknown> = {};
  if (response.headers.get("content-type")?.includes("json")) {
    body = (await response.json()) as Record<string, unknown>;
  }
  const type = typeof body.type === "string" ? body.type : "";
  const kind = type.split(":").at(-1) || (response.status >= 500 ? "internal" : "refused");
  return new ApiProblem(kind, response.status, typeof body.detail === "string" ? body.detail : "", body);
}

async function send(method: string, path: string, body: unknown, key?: string): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? "application/octet-stream" : "application/json";
  if (key) headers["Idempotency-Key"] = key;
  try {
    return await fetch(path, {
      method,
      credentials: "same-origin",
      headers,
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(body instanceof Blob ? UPLOAD_TIMEOUT_MS : REQUEST_TIMEOUT_MS),
    });
  } catch (fault) {
    throw new ApiProblem("unreachable", 0, fault instanceof Error ? fault.message : String(fault));
  }
}

async function exchange<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
  const response = await send(method, path, body, key);
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && problem.kind !== "wrong_login") onSessionOver();
    throw problem;
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Sent once more where the server first wants the password, and it was shown. */
async function request<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
  try {
    return await exchange<T>(method, path, body, key);
  } catch (problem) {
    if (!(problem instanceof ApiProblem) || problem.kind !== "confirm_password" || !(await shownAgain())) throw problem;
  }
  return await exchange<T>(method, path, body, key);
}

type Query = Record<string, string | number | null | undefined>;

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

export const api = {
  get: <T>(path: string, query: Query = {}) => request<T>("GET", withQuery(path, query)),
  /** With a `key`, what is sent twice is carried out once. */
  post: <T>(path: string, body: unknown = {}, key?: string) => request<T>("POST", path, body, key),
  /** The file itself is the body. */
  upload: <T>(path: string, file: File) => request<T>("POST", withQuery(path, { name: file.name }), file),
  delete: <T>(path: string) => request<T>("DELETE", path),
  patch: <T>(path: string, body: unknown) => request<T>("PATCH", path, body),
};
