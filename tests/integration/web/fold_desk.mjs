// Folds recorded messages with the pages' own rules: runs as JSON on stdin ([{agent, messages}]), states on stdout.
import { readFileSync } from "node:fs";

const ui = process.argv[2];
const { default: typescript } = await import(`${ui}/node_modules/typescript/lib/typescript.js`);
const source = readFileSync(`${ui}/src/desk/desk_state.ts`, "utf8");
const options = { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 };
const { outputText } = typescript.transpileModule(source, { compilerOptions: options });
const { apply, NOBODY } = await import(`data:text/javascript;base64,${Buffer.from(outputText).toString("base64")}`);

const runs = JSON.parse(readFileSync(0, "utf8"));
const states = runs.map(({ agent, messages }) => {
  const { agent: now, current } = messages.reduce((state, message) => apply(state, message, () => false), { ...NOBODY, agent });
  return { agent: now, current };
});
process.stdout.write(JSON.stringify(states));
