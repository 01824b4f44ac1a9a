//! The least that a server can do: two threads that answer whatever comes with a constant.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::thread;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

const REPLY: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 19\r\n\r\ni-1234567890abcdef0";
const THREADS: usize = 2;

/// Starts it, and gives its address.
pub(crate) fn start() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("an ephemeral port");
    listener.set_nonblocking(true).expect("a socket can be");
    let address = listener.local_addr().expect("it is bound");
    for _ in 0..THREADS {
        let listener = listener.try_clone().expect("a descriptor");
        thread::spawn(move || serve(&listener));
    }
    address
}

fn serve(listener: &TcpListener) {
    let epoll = Epoll::new(EpollCreateFlags::empty()).expect("the kernel has epoll");
    let readable = |data| EpollEvent::new(EpollFlags::EPOLLIN, data);
    epoll.add(listener, readable(0)).expect("it is not in yet");
    let mut connections: HashMap<u64, TcpStream> = HashMap::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let count = epoll.wait(&mut events, EpollTimeout::NONE).unwrap_or(0);
        for event in &events[..count] {
            if event.data() == 0 {
                while let Ok((stream, _)) = listener.accept() {
                    stream
                        .set_nonblocking(true)
                        .and_then(|()| stream.set_nodelay(true))
                        .expect("a socket can be");
                    let number = u64::try_from(stream.as_raw_fd()).expect("descriptors are positive");
                    epoll.add(&stream, readable(number)).expect("it is not in yet");
                    connections.insert(number, stream);
                }
            } else if connections.get_mut(&event.data()).is_some_and(|stream| !answer(stream)) {
                connections.remove(&event.data());
            }
        }
    }
}

/// Answers what has come; `false` at the end of the connection.
fn answer(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(0) => false,
        Ok(count) => {
            let requests = buffer[..count].windows(4).filter(|bytes| bytes == b"\r\n\r\n").count();
            stream.write_all(&REPLY.repeat(requests)).is_ok()
        }
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}
