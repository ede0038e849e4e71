# RTSP::Server: perl_server.pl CLIENT_PORT SOURCE_PORT RTP_PORT; a relay, UDP alone, on 127.0.0.1.
use strict;
use warnings;
use AnyEvent;
use RTSP::Server;

my ($clients, $sources, $rtp) = @ARGV;
RTSP::Server->new(
    log_level             => 0,
    client_listen_address => '127.0.0.1',
    client_listen_port    => $clients,
    source_listen_address => '127.0.0.1',
    source_listen_port    => $sources,
    rtp_start_port        => $rtp,
)->listen;
AnyEvent->condvar->recv;
