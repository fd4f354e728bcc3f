// /openapi.json: valid by somebody else's judgement, and true: every path and
// method in it is walked, and each answer is one that it tells of.
import { readdirSync, readFileSync } from 'node:fs';

import { judge, judgeRequest, listOperations, readDocument, validate }
    from './document.mjs';
import { assert, finish, row } from './rows.mjs';
import { administer, hashing, newUser, send, startServer } from './server.mjs';
import { Person } from './person.mjs';

const dialects = new URL('../../dialects/', import.meta.url);
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'];

/** NAME -> the dialect's file. */
function readDialects() {
    const files = readdirSync(dialects).filter((file) =>
        file.endsWith('.json') && file !== 'schema.json');
    const all = files.map((file) =>
        JSON.parse(readFileSync(new URL(file, dialects))));

    return new Map(all.map((one) => [one.dialect, one]));
}

const fullPath = (base, dialect, { path, at_mount: atMount }) => base +
    (atMount ? '' : dialect.prefix ?? '') + path;

/** The messages that this operation can be, by the dialect's own file. */
function messagesOf({ base, path, method }, dialect) {
    return Object.entries(dialect.messages).filter(([, { request }]) =>
        request.method === method &&
        fullPath(base, dialect, request) === path)
        .map(([name, message]) => ({ name, ...message }));
}

// What ends something comes last, in this order, each after a new sign-in.
const last = ['todo_remove', 'me_change', 'session_end_others', 'session_end',
    'sign_out', 'sign_out_cookie', 'revoke', 'session_end_all', 'user_change',
    'user_end', 'me_delete'];
const rank = ([{ name }]) => last.indexOf(name);

// These want what only a mail, a browser or a configured client has: any answer
// that the document tells of will do.
const unable = ['email_confirm', 'reset_confirm', 'reset', 'email_verify',
    'sign_in_cookie', 'refresh_cookie', 'sign_out_cookie', 'introspect'];

async function ask(server, { path, method }, extra) {
    return send(server.url + path, { method, ...extra });
}

/** All that fails of them, told together. */
async function tryAll(tasks) {
    const faults = [];

    for (const task of tasks)
        await task().catch((error) => faults.push(error.message));
    assert.ok(faults.length === 0, faults.join('\n'));
}

/** With nothing, with what cannot be read, with a token that is none. */
async function walkBadly(server, operation, header) {
    judge(operation, await ask(server, operation, {}));
    if (operation.told.requestBody)
        judge(operation, await ask(server, operation, { text: '{"a":',
            headers: { 'Content-Type': 'application/json' } }));
    if (operation.told.security) {
        const reply = await ask(server, operation, { headers:
            { [header.header]: `${header.prefix ?? ''} no.such.token`.trim() },
            json: operation.told.requestBody && {} });
        judge(operation, reply);
        assert.ok([401, 403].includes(reply.status), `${operation.path}: ` +
            `a bad token was answered ${reply.status}`);
    }
}

async function walkWell(server, operation, message, person) {
    if (last.includes(message.name))
        await hashing(() => person.signIn());
    const path = person.fillPath(operation.path);
    const request = person.prepare(message);
    const reply = await send(server.url + path + request.query,
        { method: operation.method, ...request });
    judge(operation, reply);
    person.learn(message, reply);
    if (!unable.includes(message.name))
        assert.ok(reply.status < 300, `${operation.method} ${path} ` +
            `(${message.name}): ${reply.status} ${reply.text}`);
    if (reply.status < 300)
        judgeRequest(operation, request);
}

async function walk(server, base, dialect, operations) {
    const person = new Person(server, base, dialect);
    const all = operations.map((operation) =>
        [messagesOf(operation, dialect), operation]);

    assert.deepEqual(all.filter(([found]) => found.length === 0)
        .map(([, { method, path }]) => `${method} ${path}`), []);
    await hashing(async () => {
        const name = await newUser(server);
        await administer(server,
            ['user', 'roles', name, 'user,moderator,admin']);
        await person.enter(name);
    });
    const requests = all.flatMap(([found, operation]) =>
        found.map((message) => [message, operation]));
    requests.sort((a, b) => rank(a) - rank(b));
    await tryAll([
        ...operations.map((operation) => () =>
            walkBadly(server, operation, dialect.send)),
        ...requests.map(([message, operation]) => () =>
            walkWell(server, operation, message, person)),
    ]);
}

/** Methods that it does not tell of are refused. */
async function refuseOthers(server, operations) {
    const there = new Set(operations.map(({ method, path }) =>
        `${method} ${path}`));
    const paths = [...new Set(operations.map((one) => one.path))];

    for (const path of paths)
        for (const method of methods) {
            if (there.has(`${method} ${path}`))
                continue;
            const { status } = await send(server.url +
                path.replace(/\{\w+\}/g, '1'), { method, text: '' });
            assert.ok(status >= 400 && status < 500,
                `${method} ${path} is answered ${status}, and not told of`);
        }
}

/** Of what a dialect could say, what is not told of is not there either. */
async function missNothing(server, operations, known) {
    const there = new Set(operations.map(({ method, path }) =>
        `${method} ${path}`));

    for (const [name, dialect] of known)
        for (const { request } of Object.values(dialect.messages)) {
            const path = fullPath(`/d/${name}`, dialect, request);
            if (there.has(`${request.method} ${path}`))
                continue;
            const { status } = await send(server.url +
                path.replace(/\{\w+\}/g, '1'), { method: request.method });
            assert.ok([404, 405].includes(status),
                `${request.method} ${path}: ${status}, and not told of`);
        }
}

/** What stands outside of all dialects, but for the demonstration's. */
async function walkPlaces(server, operations) {
    await tryAll(operations.map((operation) => async () =>
        judge(operation, await ask(server, operation, {}))));
}

const server = await startServer(['--no-throttle']);
const known = readDialects();
const document = await readDocument(server);
const operations = listOperations(document);
const groups = operations.reduce((map, one) => map.set(one.group,
    [...map.get(one.group) ?? [], one]), new Map());

row('a validator that is not ours finds it valid', async () => {
    await validate(document);
});
row('it is OpenAPI 3.1, and tells where the server is', () => {
    assert.match(document.openapi, /^3\.1\.\d$/);
    assert.deepEqual(document.servers.map((one) => one.url), [server.url]);
});
row('each operation has an id of its own', () => {
    const ids = operations.map((one) => one.told.operationId);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length > 150, `${ids.length} operations`);
});
// That the rows would see it.
const signIn = operations.find((one) =>
    one.path === '/d/express/api/auth/signin');
const answered = (status, json) => ({ status, text: JSON.stringify(json),
    headers: { 'content-type': 'application/json; charset=utf-8' } });
const refused = { accessToken: null, message: 'Invalid Password!' };

row('a document with a mistake would be found invalid', async () => {
    const spoilt = structuredClone(document);
    delete spoilt.paths['/livez'].get.responses[200].description;
    await assert.rejects(validate(spoilt));
});
row('an answer that it does not tell of would be found', () => {
    judge(signIn, answered(401, refused));
    assert.throws(() => judge(signIn, answered(418, refused)), /not tell of/);
    assert.throws(() => judge(signIn, answered(401, { message: 7 })),
        /must be equal to constant/);
    assert.throws(() => judge(signIn, { ...answered(401, refused),
        headers: { 'content-type': 'text/csv' } }), /text\/csv/);
});
for (const some of groups.values()) {
    const [{ tag, base }] = some;
    const where = base === '' ? 'its own paths' : base;

    if (tag === undefined)
        row('outside of all dialects: every path and method', () =>
            walkPlaces(server, some));
    else
        row(`${tag}, ${where}: every path and method`, () =>
            walk(server, base, known.get(tag), some));
}
row('a method that it does not tell of is refused', () =>
    refuseOthers(server, operations));
row('a message that it does not tell of is not there', () =>
    missNothing(server, operations, known));
process.exitCode = await finish('front/openapi', () => server.stop());
