// doc/verify.md's part for nginx, in a real nginx of the test's own.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';

import { assert, row, skip, until } from './rows.mjs';
import { send } from './server.mjs';

function findNginx() {
    const peers = new URL('../../tools/peers', import.meta.url).pathname;

    try {
        return execFileSync(peers, ['--present', 'nginx'],
            { encoding: 'utf8' }).trim();
    } catch {
        return undefined;
    }
}

/** The service behind nginx: says who it was told comes. */
async function startService() {
    const service = createServer((incoming, outgoing) => {
        const { 'stay-user': user, 'stay-roles': roles } = incoming.headers;
        outgoing.end(`user ${user}, roles ${roles}`);
    });

    await new Promise((resolve) => {
        service.listen(0, '127.0.0.1', resolve);
    });
    return service;
}

function writeConfig(folder, block) {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`);
    const file = join(folder, 'nginx.conf');

    writeFileSync(file, `daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
    access_log off;
    ${temporary.join('\n    ')}
    server {
        listen unix:${folder}/socket;
        ${block}
    }
}
`);
    return file;
}

/** GET through nginx: {status, text}. */
function ask(folder, headers) {
    return new Promise((resolve, reject) => {
        const out = request({ socketPath: `${folder}/socket`, agent: false,
            path: '/private/page', headers }, (reply) => {
            let text = '';
            reply.setEncoding('utf8');
            reply.on('data', (part) => { text += part; });
            reply.on('end', () => resolve({ status: reply.statusCode, text }));
        });
        out.on('error', reject);
        out.end();
    });
}

const shown = (token) => ({ 'x-access-token': token });

/** All requests are made here: nginx is gone before the rows are run. */
async function askAll({ folder, server, good, bad, refresh }) {
    const answers = { bad: [] };

    answers.good = await ask(folder, shown(good));
    answers.forged = await ask(folder, { ...shown(good), 'Stay-User': '1',
        'Stay-Roles': 'admin' });
    answers.none = await ask(folder, {});
    for (const [what, token] of bad.filter((one) => one[1] !== ''))
        answers.bad.push([what, await ask(folder, shown(token))]);
    await send(`${server.url}/d/express/api/auth/signout`, { method: 'POST',
        json: { refreshToken: refresh } });
    answers.ended = await ask(folder, shown(good));
    return answers;
}

function tellAnswers(answers) {
    const status = (name, want) => row(`nginx: ${name}`, () => {
        assert.equal(want.status, 401, want.text);
    });

    for (const kind of ['good', 'forged'])
        row(`nginx: a ${kind} token's request reaches the service`, () => {
            assert.match(answers[kind].text, /^user \d+, roles user$/);
            assert.notEqual(answers[kind].text, 'user 1, roles admin');
        });
    status('no token', answers.none);
    for (const [what, answer] of answers.bad)
        status(what, answer);
    status('a session that was ended, at once', answers.ended);
}

export async function tellNginx(text, place) {
    const nginx = findNginx();
    const there = await send(`${place.server.url}/auth/verify`);
    const folder = join(place.folder, 'nginx');

    if (nginx === undefined)
        return skip('nginx', 'not there: tools/peers nginx fetches it');
    if (there.status === 404)
        return skip('nginx', 'this stayd has no /auth/verify');
    mkdirSync(folder);
    const service = await startService();
    const { port } = service.address();
    const child = spawn(nginx, ['-p', folder, '-e', `${folder}/error.log`,
        '-c', writeConfig(folder, text
            .replaceAll('http://127.0.0.1:3000', `http://127.0.0.1:${port}`)
            .replaceAll('http://127.0.0.1:8080', place.server.url))],
        { stdio: 'inherit' });
    const ended = new Promise((resolve) => { child.on('close', resolve); });
    await until('nginx listens', () => existsSync(`${folder}/socket`));
    try {
        tellAnswers(await askAll({ ...place, folder }));
    } finally {
        child.kill('SIGTERM');
        await ended;
        service.close();
    }
    return undefined;
}
