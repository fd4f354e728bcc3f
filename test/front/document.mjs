// Reading /openapi.json: its operations, and whether an answer is as told.
import { load, loadModule } from './packages.mjs';
import { assert } from './rows.mjs';
import { send } from './server.mjs';

const Ajv = load('ajv/dist/2020').default;
const addFormats = load('ajv-formats').default;

const escape = (part) => String(part).replaceAll('~', '~0')
    .replaceAll('/', '~1');
let schemas; // knows the document as "told"

export async function readDocument(server) {
    const reply = await send(`${server.url}/openapi.json`);

    assert.equal(reply.status, 200);
    const document = JSON.parse(reply.text);
    // Not strict: most of the document is no schema.
    schemas = new Ajv({ strict: false, allErrors: true });
    addFormats(schemas);
    schemas.addSchema(document, 'told');
    return document;
}

/** Throws what the validator says. */
export async function validate(document) {
    const { Validator } = await loadModule(
        '@seriousme/openapi-schema-validator');
    const result = await new Validator().validate(document);

    assert.deepEqual(result.errors ?? [], []);
    assert.equal(result.valid, true);
}

/** [{path, method, told, tag, base, group}]; `tag` is the dialect. */
export function listOperations(document) {
    return Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, told]) => {
            const base = /^\/d\/[^/]+/.exec(path)?.[0] ?? '';
            const tag = told.tags?.[0];
            return { path, method: method.toUpperCase(), told, tag, base,
                group: `${tag} ${base}` };
        }));
}

/** Is it as the schema says that stands there? Throws what does not fit. */
function judgeValue(value, { path, method }, ...rest) {
    const where = ['paths', path, method.toLowerCase(), ...rest, 'schema']
        .map(escape).join('/');
    const fits = schemas.compile({ $ref: `told#/${encodeURI(where)}` });

    assert.ok(fits(value), `${method} ${path}: ${rest[0]} ` +
        `${JSON.stringify(value)}\n${schemas.errorsText(fits.errors)}`);
}

/** A request that is taken is one that the document tells of. */
export function judgeRequest(operation, { json }) {
    const { content } = operation.told.requestBody ?? {};

    if (json !== undefined && content !== undefined)
        judgeValue(json, operation, 'requestBody', 'content',
            'application/json');
}

/** The status is one that is told of, and the body and its type are too. */
export function judge(operation, reply) {
    const { method, path, told } = operation;
    const response = told.responses[reply.status];
    const type = reply.headers['content-type'];

    assert.ok(response, `${method} ${path}: ${reply.status} ${reply.text}, ` +
        'which it does not tell of');
    if (reply.text === '') {
        // No content at all, or a body that may be empty.
        assert.ok(response.content === undefined || type === undefined ||
            response.content[type], `${method} ${path}: empty ${type}`);
        return;
    }
    assert.ok(response.content?.[type], `${method} ${path}: ${reply.status} ` +
        `is ${type}, told are: ${Object.keys(response.content ?? {})}`);
    if (response.content[type].schema !== undefined)
        judgeValue(type.includes('json') ? JSON.parse(reply.text) : reply.text,
            operation, 'responses', reply.status, 'content', type);
}
