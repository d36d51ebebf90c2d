// A mail server for tests: takes every letter and keeps it, without encryption, on loopback.
import net from 'node:net'

export class MailServer {
  static async start() {
    const s = new MailServer()
    s.letters = []
    s.sockets = new Set()
    s.server = net.createServer((socket) => s.serve(socket))
    await new Promise((r) => s.server.listen(0, '127.0.0.1', r))
    s.port = s.server.address().port
    return s
  }

  serve(socket) {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => {})
    let held = ''
    let letter
    let inText = false
    const say = (line) => socket.write(line + '\r\n')
    say('220 mail.test ready')
    socket.setEncoding('utf8').on('data', (data) => {
      held += data
      for (let at; (at = held.indexOf('\r\n')) >= 0; ) {
        const line = held.slice(0, at)
        held = held.slice(at + 2)
        if (inText) {
          if (line !== '.') {
            letter.text += line.replace(/^\.\./, '.') + '\n'
            continue
          }
          inText = false
          this.letters.push(letter)
          say('250 taken')
        } else if (/^(EHLO|HELO)/i.test(line)) say('250-mail.test\r\n250 8BITMIME')
        else if (/^MAIL FROM/i.test(line)) {
          letter = { to: [], text: '' }
          say('250 ok')
        } else if (/^RCPT TO/i.test(line)) {
          letter.to.push(line.match(/<(.*?)>/)[1])
          say('250 ok')
        } else if (/^DATA/i.test(line)) {
          inText = true
          say('354 go on')
        } else if (/^QUIT/i.test(line)) {
          say('221 bye')
          socket.end()
        } else say('250 ok')
      }
    })
  }

  /** The letters to an address, as text: soft line breaks joined, quoted-printable undone. */
  to(address) {
    return this.letters
      .filter((l) => l.to.includes(address))
      .map((l) => l.text.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))))
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((r) => this.server.close(r))
  }
}
