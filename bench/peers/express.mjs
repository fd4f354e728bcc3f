// A refresh endpoint on Express, jsonwebtoken and pg, as one is usually written
// with care: refresh tokens are JWTs, each has a row, a spent one is kept so that
// its reuse is seen and ends the family. In production mode, connections pooled.
//
// PEER_HOST is the folder of PostgreSQL's socket, PEER_DATABASE the database,
// PEER_SECRET what signs; PEER_KEY=once makes a key of it at the start. One user,
// ada. Paths are those of bench/load.c's `peer`.
import { createSecretKey, randomUUID } from 'node:crypto'
import express from 'express'
import jwt from 'jsonwebtoken'
import pg from 'pg'

// Usual is the string, as in jsonwebtoken's own examples: each time it first tries
// to make a private key of it. A key made once is kinder than usual.
const text = process.env.PEER_SECRET
const secret =
  process.env.PEER_KEY === 'once' ? createSecretKey(Buffer.from(text)) : text
const day_s = 86400
const pool = new pg.Pool({
  host: process.env.PEER_HOST,
  database: process.env.PEER_DATABASE,
  user: 'postgres'
})

await pool.query(`
  CREATE TABLE refresh_token (
    id uuid PRIMARY KEY,
    family uuid NOT NULL,
    user_id integer NOT NULL,
    spent boolean NOT NULL DEFAULT false,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX ON refresh_token (family)`)

async function addToken(db, family, userId) {
  const id = randomUUID()
  await db.query(
    `INSERT INTO refresh_token (id, family, user_id, expires_at)
     VALUES ($1, $2, $3, now() + interval '30 days')`,
    [id, family, userId]
  )
  return jwt.sign({ family, sub: String(userId) }, secret, {
    jwtid: id,
    expiresIn: 30 * day_s
  })
}

function accessToken(userId) {
  return jwt.sign({ sub: String(userId), roles: ['user'] }, secret, {
    expiresIn: 300
  })
}

// The new refresh token, or null where the shown one is not good any more.
async function rotate(claims) {
  const db = await pool.connect()
  try {
    await db.query('BEGIN')
    const { rowCount } = await db.query(
      `UPDATE refresh_token SET spent = true
       WHERE id = $1 AND NOT spent AND expires_at > now()`,
      [claims.jti]
    )
    if (rowCount === 0) {
      await db.query('UPDATE refresh_token SET spent = true WHERE family = $1', [
        claims.family
      ])
      await db.query('COMMIT')
      return null
    }
    const token = await addToken(db, claims.family, Number(claims.sub))
    await db.query('COMMIT')
    return token
  } catch (error) {
    await db.query('ROLLBACK')
    throw error
  } finally {
    db.release()
  }
}

const app = express()
app.use(express.json())

app.post('/sign-in', async (request, response) => {
  const refresh = await addToken(pool, randomUUID(), 1)
  response.json({ access: accessToken(1), refresh })
})

app.post('/refresh', async (request, response) => {
  let claims
  try {
    claims = jwt.verify(request.body.refresh, secret)
  } catch {
    response.status(401).json({ error: 'bad token' })
    return
  }
  const refresh = await rotate(claims)
  if (refresh === null) response.status(401).json({ error: 'bad token' })
  else response.json({ access: accessToken(Number(claims.sub)), refresh })
})

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
