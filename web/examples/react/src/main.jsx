import { useState } from 'react'
import { createRoot } from 'react-dom/client'
import { createStay, reasonText } from '@stay/web'
import { useSecondsLeft, useStay } from '@stay/web/react'
import './style.css'

const server = new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:8080'
const stay = createStay({ baseURL: `${server}/api` })

function SignIn({ reason }) {
  const [error, setError] = useState('')

  async function send(event) {
    event.preventDefault()
    const { username, password } = Object.fromEntries(new FormData(event.currentTarget))
    try {
      await stay.signIn({ username, password })
    } catch (failure) {
      setError(failure.message)
    }
  }

  return (
    <main>
      <h1>Sign in</h1>
      {reason !== '' && reason !== 'signed-out' && <p role="alert">{reasonText(reason)}</p>}
      <form onSubmit={send}>
        <label>User name <input name="username" autoComplete="username" required /></label>
        <label>Password <input name="password" type="password" autoComplete="current-password" required /></label>
        {error !== '' && <p role="alert">{error}</p>}
        <button>Sign in</button>
      </form>
    </main>
  )
}

function Board({ user }) {
  const [text, setText] = useState('')
  const seconds = useSecondsLeft(stay)

  async function load() {
    try {
      const response = await stay.fetch(`${server}/api/test/user`)
      setText((await response.json()).message)
    } catch (failure) {
      // Without an answer, fetch's own words are the browser's.
      setText(failure instanceof TypeError ? 'The server cannot be reached.' : failure.message)
    }
  }

  return (
    <main>
      <h1>{user.username}</h1>
      <p>The token lives for {seconds} s; the session lives on.</p>
      <button type="button" onClick={load}>Load what is for users</button>{' '}
      <button type="button" onClick={() => stay.signOut()}>Sign out</button>
      <p className="text">{text}</p>
    </main>
  )
}

function App() {
  const { state, user, reason } = useStay(stay)
  if (state === 'opening') return <main aria-busy="true" />
  return user === null ? <SignIn reason={reason} /> : <Board user={user} />
}

createRoot(document.getElementById('app')).render(<App />)
