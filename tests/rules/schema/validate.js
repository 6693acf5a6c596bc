// Holds rules against the JSON schemas of Sigma, and against the custom of the house: node validate.js FOLDER
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parseAllDocuments } from "yaml";

const here = path.dirname(fileURLToPath(import.meta.url));
const ajv = addFormats(new Ajv2020.default({ strict: false, allErrors: true }));

function schema(name) {
    const text = JSON.parse(fs.readFileSync(path.join(here, `sigma-${name}-schema.json`), "utf8"));
    delete text.$schema; // ends in "#", which ajv does not know for its draft
    return ajv.compile(text);
}

const schemas = {
    detection: schema("detection-rule"),
    correlation: schema("correlation-rules"),
    filter: schema("filters"),
};

function schemaFaults(rule) {
    const kind = Object.keys(schemas).find((key) => key in rule);
    if (!kind)
        return ["neither detection nor correlation nor filter"];
    const valid = schemas[kind];
    return valid(rule) ? [] : valid.errors.map((error) => `${error.instancePath || "/"} ${error.message}`);
}

const V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const LEVELS = ["informational", "low", "medium", "high", "critical"];

// What a rule needs by the custom of the house; `base` is the name of its file without .yml.
function houseFaults(rule, base) {
    const faults = [];
    const want = (holds, fault) => holds || faults.push(fault);
    want(/^[a-z0-9_]{10,70}$/.test(base), "the file's name is not [a-z0-9_]{10,70}.yml");
    want(V4.test(rule.id ?? ""), "id is no UUID of version 4");
    want(rule.taxonomy === "ecs", "taxonomy is not ecs");
    want(["test", "stable"].includes(rule.status), "status is neither test nor stable");
    want(LEVELS.includes(rule.level), "no level");
    want(rule.author && rule.date && rule.description, "author, date or description is missing");
    if (!rule.mailtap) { // it only feeds a correlation
        want(rule.level === "informational" && rule.name, "a rule without mailtap: has a name and is informational");
        return faults;
    }
    want(rule.mailtap.id?.replaceAll(".", "_") === base, "the file is not called as the finding");
    want(/\.$/.test(rule.mailtap.remediation ?? ""), "no remediation");
    want(rule.mailtap.confidence && Array.isArray(rule.mailtap.group), "no confidence or group");
    want(rule.falsepositives?.length > 0, "no falsepositives");
    const own = rule.mailtap.id?.startsWith("sensor.");
    want(own || rule.references?.length > 0, "no references");
    want(own || rule.tags?.some((tag) => /^attack\.t\d{4}/.test(tag)), "no ATT&CK technique");
    want(own || rule.tags?.some((tag) => /^attack\.[a-z-]+$/.test(tag)), "no ATT&CK tactic");
    return faults;
}

// Planted faults, to see that they would be found.
function selfTest() {
    const good = {
        title: "x", id: "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a01", level: "low",
        logsource: { category: "network" }, detection: { a: { b: "c" }, condition: "a" },
    };
    const counted = {
        title: "x",
        correlation: { type: "event_count", rules: ["ab"], "group-by": ["b"], timespan: "5m", condition: { gte: 1 } },
    };
    const bad = [
        { ...good, level: "serious" },
        { ...good, id: "1" },
        { ...good, detection: { a: { b: "c" } } },
        { ...good, date: "24.11.2026" },
        { title: "x" },
        { ...counted, correlation: { ...counted.correlation, type: "count" } },
        { ...counted, correlation: { ...counted.correlation, timespan: 5 } },
    ];
    for (const rule of [good, counted])
        if (schemaFaults(rule).length > 0)
            throw new Error(`a good rule is refused: ${schemaFaults(rule)}`);
    for (const rule of bad)
        if (schemaFaults(rule).length === 0)
            throw new Error(`a bad rule is taken: ${JSON.stringify(rule)}`);
    if (houseFaults({ ...good, id: "6f0c3a52-6b5e-1d0b-9a53-2f6f0d1c7a01" }, "x").length < 5)
        throw new Error("a rule without anything is taken");
}

function rulesIn(folder) {
    return fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".yml")).sort();
}

selfTest();
const folder = process.argv[2];
const seen = new Map();
let documents = 0, faults = 0;
for (const name of rulesIn(folder)) {
    for (const [number, document] of parseAllDocuments(fs.readFileSync(path.join(folder, name), "utf8")).entries()) {
        const found = document.errors.map((error) => error.message);
        const rule = document.toJS() ?? {};
        found.push(...schemaFaults(rule), ...houseFaults(rule, path.basename(name, ".yml")));
        if (seen.has(rule.id))
            found.push(`the id is that of ${seen.get(rule.id)} too`);
        seen.set(rule.id, `${name}, document ${number + 1}`);
        for (const fault of found)
            console.log(`${name}, document ${number + 1}: ${fault}`);
        documents++;
        faults += found.length;
    }
}
console.log(`${documents} documents, ${faults} faults`);
process.exit(faults > 0 || documents === 0 ? 1 : 0);
