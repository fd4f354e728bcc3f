// Somebody who uses one dialect at one place, by the dialect's own file: fills
// the blanks of its requests, and finds the tokens in its answers.
import { createHash, randomBytes } from 'node:crypto';

import { assert } from './rows.mjs';
import { password, send } from './server.mjs';

const hash = (bytes) => createHash('sha256').update(bytes).digest();
const text = (bytes) => bytes.toString('base64url');
const at = (json, pointer) => pointer.split('/').slice(1)
    .reduce((value, key) => value?.[key], json);

export class Person {
    constructor(server, base, dialect) {
        Object.assign(this, { server, base, dialect, count: 0 });
        this.values = { password, current_password: password,
            new_password: password, title: 'tea', done: true,
            code: 'no-such-code',
            disabled: false };
    }

    async enter(username) {
        Object.assign(this.values, { username,
            email: `${username}@example.org` });
        await this.signIn();
        await this.makeTodo();
    }

    async signIn() {
        this.drawSecrets();
        const { request } = this.dialect.messages.sign_in;
        const reply = await this.say(request);

        assert.ok(reply.status < 300, `sign-in: ${reply.status} ${reply.text}`);
        this.keepTokens(reply);
    }

    async makeTodo() {
        const reply = await this.say(this.dialect.messages.todo_add.request);
        assert.equal(reply.status, 201, reply.text);
        // Nest's answer may name no id: the first of a database's is 1.
        this.values.todo_id = JSON.parse(reply.text).id ?? 1;
    }

    /** Committed rotation's: R, S_0, S_1 (design: the client draws them). */
    drawSecrets() {
        const session = randomBytes(32);

        this.secrets = [randomBytes(32), randomBytes(32)];
        Object.assign(this.values, {
            session: text(session),
            sid: text(hash(session).subarray(0, 16)),
            session_id: text(hash(session).subarray(0, 16)),
            generation: 0,
            secret: text(this.secrets[0]),
            next: text(hash(this.secrets[0])),
        });
    }

    keepTokens(reply) {
        const json = JSON.parse(reply.text);
        const { access, refresh = [] } = this.dialect.receive;
        const find = (pointers) => pointers.map((one) => at(json, one))
            .find((one) => one !== undefined);

        this.values.id = json.user?.id;
        this.values.access = find(access);
        this.values.token = this.values.access;
        this.values.refresh = find(refresh) ?? this.values.refresh;
        this.values.next = text(hash(this.secrets[1]));
    }

    /** A blank alone is its value, or left out; else text stays text. */
    fillValue(template) {
        const blank = /^\{(\w+)\??\}$/.exec(template)?.[1];
        return blank === undefined ? template : this.values[blank];
    }

    /** Somebody new signs up, each sign-in has secrets of its own, and it is
        the refresh token that is revoked. */
    prepare({ name, request }) {
        const { values } = this;

        if (name === 'sign_in')
            this.drawSecrets();
        if (name === 'revoke')
            values.token = values.refresh;
        if (name !== 'sign_up')
            return this.fill(request);
        this.values = { ...values, username: `${values.username}x`,
            email: `${values.username}x@example.org` };
        const made = this.fill(request);
        this.values = values;
        return made;
    }

    fillPath(path) {
        return path.replace(/\{(\w+)\}/g, (_, name) => this.values[name]);
    }

    /** {headers, json or text, query} for send. */
    fill({ body, headers = {}, encoding, query }) {
        const { send: shown } = this.dialect;
        const all = { ...headers };
        const filled = body && Object.fromEntries(Object.entries(body)
            .map(([key, value]) => [key, this.fillValue(value)])
            .filter(([, value]) => value !== undefined));
        const how = encoding ?? this.dialect.encoding;

        if (this.values.access)
            all[shown.header] = `${shown.prefix ?? ''} ${this.values.access}`
                .trim();
        const made = { headers: all, query: query ?
            `?${new URLSearchParams(query)}` : '' };
        if (filled === undefined)
            return made;
        if (how !== 'form')
            return { ...made, json: filled };
        all['Content-Type'] = 'application/x-www-form-urlencoded';
        return { ...made, text: String(new URLSearchParams(filled)) };
    }

    say(request) {
        const base = this.base + (this.dialect.prefix ?? '');
        const made = this.fill(request);
        return send(this.server.url + base + this.fillPath(request.path) +
            made.query, { method: request.method, ...made });
    }

    learn({ name }, reply) {
        if (['sign_in', 'refresh'].includes(name) && reply.status < 300)
            this.keepTokens(reply);
    }
}
