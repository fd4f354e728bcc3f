// doc/verify.md: its examples run as they stand there, take a good token, and
// refuse each kind of bad one.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
    from 'node:fs';
import { join } from 'node:path';

import { folder as packages } from './packages.mjs';
import { assert, finish, row, skip, until } from './rows.mjs';
import { newUser, password, send, startServer } from './server.mjs';
import { tellNginx } from './verify_nginx.mjs';

const page = readFileSync(new URL('../../doc/verify.md', import.meta.url),
    'utf8');
const told = 'http://127.0.0.1:8080';

const blocks = [...page.matchAll(
    /^(?:<!-- (.*) -->\n)?```(\w+)\n([^]*?)^```$/gm)]
    .map(([, mark, language, text]) => ({ mark, language, text }));

// All rows begin together: as many programs at once would starve each other
// until the time of some is over.
const atOnce = 4;
const queue = [];
let running = 0;

async function inTurn(work) {
    if (running === atOnce) // whoever ends hands its place on
        await new Promise((resolve) => queue.push(resolve));
    else
        running += 1;
    try {
        return await work();
    } finally {
        const next = queue.shift();
        if (next === undefined)
            running -= 1;
        else
            next();
    }
}

/** Runs it with `input` on its standard input: {code, out, errors}. */
function run(program, args, input) {
    return inTurn(() => runNow(program, args, input));
}

function runNow(program, args, input) {
    return new Promise((resolve) => {
        const child = spawn(program, args, { timeout: 30_000 });
        const got = { out: '', errors: '' };

        child.stdout.on('data', (text) => { got.out += text; });
        child.stderr.on('data', (text) => { got.errors += text; });
        child.stdin.on('error', () => {}); // it may end before it has read
        child.on('error', (error) => resolve({ ...got, code: error.code }));
        child.on('close', (code) => resolve({ ...got, code }));
        child.stdin.end(`${input}\n`);
    });
}

async function signIn(server, url = server.url) {
    server.user ??= await newUser(server);
    const reply = await send(`${url}/d/express/api/auth/signin`, {
        method: 'POST', json: { username: server.user, password } });
    assert.equal(reply.status, 200);
    return JSON.parse(reply.text);
}

const encode = (value) => Buffer.from(JSON.stringify(value))
    .toString('base64url');

/** The token with its header changed, and its signature as it was. */
function withHeader(token, change) {
    const [header, ...rest] = token.split('.');
    const old = JSON.parse(Buffer.from(header, 'base64url'));
    return [encode({ ...old, ...change }), ...rest].join('.');
}

function withClaims(token, change) {
    const [header, claims, signature] = token.split('.');
    const old = JSON.parse(Buffer.from(claims, 'base64url'));
    return [header, encode({ ...old, ...change }), signature].join('.');
}

/** [what, token] of every kind that must be refused. */
async function badTokens(server, good, refresh, twins) {
    const { exp } = JSON.parse(Buffer.from(twins.expired.split('.')[1],
        'base64url'));

    await until('a token expires', () => Date.now() / 1000 > exp + 1);
    return [
        ['no token at all', ''],
        ['no JWT', 'one.two'],
        ['a refresh token', refresh],
        ['an expired one', twins.expired],
        ['one for another audience', twins.audience],
        ['one of another issuer', twins.issuer],
        ['alg none', withHeader(good, { alg: 'none' }).replace(/[^.]*$/, '')],
        ['alg none in name only', withHeader(good, { alg: 'none' })],
        ['alg HS256', withHeader(good, { alg: 'HS256' })],
        ['an unknown kid', withHeader(good, { kid: 'nobody' })],
        ['another type', withHeader(good, { typ: 'JWT' })],
        ['claims that were changed', withClaims(good, { roles: ['admin'] })],
        ['a signature that was changed', good.replace(/.{4}$/, 'AAAA')],
    ];
}

/** Tokens of stayds on the same database, so signed with the same key. */
async function makeTwins(server) {
    const tokens = {};
    const kinds = { expired: ['--access-ttl', '1s', '--issuer', server.url],
        audience: ['--issuer', server.url, '--audience', 'https://other'],
        issuer: ['--issuer', 'https://other', '--audience', server.url] };

    for (const [kind, options] of Object.entries(kinds)) {
        const twin = await startServer(options, server.folder);
        tokens[kind] = (await signIn(server, twin.url)).accessToken;
        await twin.stop();
    }
    return tokens;
}

function tell({ mark, text }, place, good, bad) {
    const [, program, file] = mark.split(' ');
    const path = join(place.folder, file);
    const command = program === 'node' ? process.execPath : place[program];

    writeFileSync(path, text.replaceAll(told, place.url)
        .replace("from 'jose'", `from '${place.jose}'`));
    row(`${file}: a good token`, async () => {
        const got = await run(command, [path], good);
        assert.match(got.out, /^user \d+, roles user\n$/, got.errors);
        assert.equal(got.code, 0);
    });
    for (const [what, token] of bad)
        row(`${file}: ${what}`, async () => {
            const got = await run(command, [path], token);
            assert.equal(got.out, '');
            assert.equal(got.code, 1, got.errors);
        });
}

const server = await startServer();
const { accessToken: good, refreshToken: refresh } = await signIn(server);
const bad = await badTokens(server, good, refresh, await makeTwins(server));
const folder = mkdtempSync(join(packages, 'verify-'));
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const hasPython = (await run(python, ['-c', 'import jwt, cryptography'], ''))
    .code === 0;
const nodeMajor = Number(process.versions.node.split('.')[0]);

row('every example of the page says whether it is run', () => {
    assert.deepEqual(blocks.filter(({ mark }) =>
        !/^(not run|run: \S+( \S+)?)$/.test(mark ?? '')), []);
    assert.ok(blocks.length >= 5);
});
for (const block of blocks) {
    const [, program, file] = block.mark.split(' ');

    if (block.mark === 'not run')
        continue;
    if (program === 'python3' && !hasPython)
        skip(file, 'needs Debian\'s python3-jwt and python3-cryptography');
    else if (program === 'nginx')
        await tellNginx(block.text, { server, folder, good, bad, refresh });
    else
        tell(block, { url: server.url, folder, python3: python,
            jose: nodeMajor < 20 ? 'jose-node18' : 'jose' }, good, bad);
}
process.exitCode = await finish('front/verify', async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
});
