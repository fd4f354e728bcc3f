// A stayd of the test's own: a free port, a folder that goes with it.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from './rows.mjs';

const program = process.env.STAYD;
export const password = 'nine silent turnips, unrefreshed';

let addresses = 0;

/** Another 127.x.y.z at each call: no page shares another's throttle. */
export function freshAddress() {
    addresses++;
    return `127.${64 + process.pid % 128}.${addresses >> 8}.${addresses & 255}`;
}

/**
 * One request from an address of its own, with `json` or `text` for a body;
 * what comes is {status, headers, text}.
 */
export function send(url, { method = 'GET', headers = {}, json, text: plain,
    from } = {}) {
    const body = json === undefined ? plain : JSON.stringify(json);
    const all = { ...headers };

    if (json !== undefined)
        all['Content-Type'] ??= 'application/json';
    if (body !== undefined)
        all['Content-Length'] = Buffer.byteLength(body);
    return new Promise((resolve, reject) => {
        const out = request(url, { method, headers: all, agent: false,
            localAddress: from ?? freshAddress() }, (reply) => {
            let text = '';
            reply.setEncoding('utf8');
            reply.on('data', (part) => { text += part; });
            reply.on('end', () => resolve({ status: reply.statusCode,
                headers: reply.headers, text }));
            reply.on('error', reject);
        });
        out.on('error', reject);
        out.end(body);
    });
}

/** --refresh-soft where each refresh is to move its session on. */
export const SOFT_S = 1;

/**
 * When the access tokens of a server end (it must be one of --demo): all of
 * them, and at the moment when every row that is on it waits for that. So none
 * ends while a row needs it, however slow the machine is.
 */
class Expiry {
    constructor(server) {
        Object.assign(this, { server, rows: 0, waiting: [] });
    }

    enter() {
        this.rows++;
    }

    leave() {
        this.rows--;
        this.wake();
    }

    /** Resolves when the tokens have ended. */
    next() {
        return new Promise((resolve, reject) => {
            this.waiting.push({ resolve, reject });
            this.wake();
        });
    }

    wake() {
        if (this.waiting.length === 0 || this.waiting.length < this.rows)
            return;
        const waiting = this.waiting.splice(0);
        this.end().then(() => waiting.forEach((one) => one.resolve()),
            (error) => waiting.forEach((one) => one.reject(error)));
    }

    async end() {
        // What moved a session just now is to be no reason to keep it there.
        await new Promise((resolve) => {
            setTimeout(resolve, SOFT_S * 1000 + 100);
        });
        const reply = await send(`${this.server.url}/demo/expire`,
            { method: 'POST' });
        if (reply.status !== 204)
            throw new Error(`/demo/expire: ${reply.status} ${reply.text}`);
    }
}

/**
 * Starts one with these options; it listens when this resolves. With a
 * `shared` folder it is another on that one's database.
 */
export async function startServer(options = [], shared = undefined) {
    const folder = shared ?? mkdtempSync(join(tmpdir(), 'stay-front-'));
    const database = `sqlite:${folder}/stay.db`;
    const child = spawn(program, ['--listen', '127.0.0.1:0', '--database',
        database, '--log-level', 'error', ...options],
        { stdio: ['ignore', 'pipe', 'pipe'] });
    const server = { folder, database, said: '', errors: '', url: undefined };
    server.expiry = new Expiry(server);
    let over;

    child.stdout.on('data', (text) => { server.said += text; });
    child.stderr.on('data', (text) => { server.errors += text; });
    const ended = new Promise((resolve) => {
        child.on('close', (code, signal) => {
            over = code ?? signal;
            resolve(over);
        });
    });
    server.stop = async () => {
        child.kill('SIGTERM');
        const end = await ended;
        if (shared === undefined)
            rmSync(folder, { recursive: true });
        if (end !== 0)
            throw new Error(`stayd ended with ${end}: ${server.errors}`);
    };
    await until('stayd says where it listens', () => {
        if (over !== undefined)
            throw new Error(`stayd ended with ${over}: ${server.errors}`);
        server.url = /^listening on (\S+)\n/.exec(server.said)?.[1];
        return server.url;
    });
    return server;
}

/** Does this stayd know the option, or the command? */
export function knows(words, text) {
    return new Promise((resolve) => {
        execFile(program, [...words, '--help'], (error, out) => {
            resolve(!error && out.includes(text));
        });
    });
}

/** `stayd WORD...` on the server's database, as an administrator would. */
export function administer(server, words) {
    return new Promise((resolve, reject) => {
        execFile(program, [...words, '--database', server.database],
            (error, out, errors) => {
                if (error)
                    reject(new Error(`stayd ${words.join(' ')}: ${errors}`));
                else
                    resolve(out);
            });
    });
}

/** Passwords being judged at once: stayd's queue for them is bounded. */
const HASHES = 3;
let hashes = 0;
const waiting = [];

/** Runs what makes stayd hash a password, when there is room for it. */
export async function hashing(run) {
    if (hashes >= HASHES)
        await new Promise((resolve) => { waiting.push(resolve); });
    else
        hashes++;
    try {
        return await run();
    } finally {
        const next = waiting.shift();
        if (next)
            next();
        else
            hashes--;
    }
}

let users = 0;

/** Signs up somebody new; their name. */
export async function newUser(server) {
    const name = `reader${++users}`;
    const reply = await send(`${server.url}/d/stay/api/account`, {
        method: 'POST',
        json: { username: name, email: `${name}@example.org`, password },
    });
    if (reply.status !== 201)
        throw new Error(`sign-up: ${reply.status} ${reply.text}`);
    return name;
}
