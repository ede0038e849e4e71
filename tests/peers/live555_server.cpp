// A live555 RTSP server over raw H.264, H.265 or MPEG-4 files:
// live555-server PORT [--user U --password P] [--tls CERTIFICATE KEY] FILE...
//
// Listens on 127.0.0.1 (PORT 0 takes a free one), prints "ready rtsp://127.0.0.1:PORT/NAME" (or rtsps) for
// each file, and serves until it is killed. A file plays once per session, at its own frame rate.
// live555 is the RTSP stack of many cameras and recorders; this program only starts it.

#include <BasicUsageEnvironment.hh>
#include <GroupsockHelper.hh>
#include <liveMedia.hh>

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

static bool endsWith(std::string const& text, char const* ending) {
  size_t const length = std::strlen(ending);
  return text.size() >= length && text.compare(text.size() - length, length, ending) == 0;
}

static int usage() {
  std::fprintf(stderr, "usage: live555-server PORT [--user U --password P] [--tls CERTIFICATE KEY] FILE.h264|FILE.h265|FILE.m4v...\n");
  return 2;
}

int main(int argc, char** argv) {
  if (argc < 3) return usage();
  Port const port(static_cast<portNumBits>(std::atoi(argv[1])));
  char const* user = nullptr;
  char const* password = nullptr;
  char const* certificate = nullptr;
  char const* key = nullptr;
  std::vector<std::string> files;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--user") == 0 && i + 1 < argc) {
      user = argv[++i];
    } else if (std::strcmp(argv[i], "--password") == 0 && i + 1 < argc) {
      password = argv[++i];
    } else if (std::strcmp(argv[i], "--tls") == 0 && i + 2 < argc) {
      certificate = argv[++i];
      key = argv[++i];
    } else {
      files.push_back(argv[i]);
    }
  }
  if (files.empty() || (user == nullptr) != (password == nullptr)) return usage();

  ReceivingInterfaceAddr = inet_addr("127.0.0.1");
  SendingInterfaceAddr = inet_addr("127.0.0.1");
  OutPacketBuffer::maxSize = 2000000;  // bytes; room for a keyframe of 4K
  TaskScheduler* scheduler = BasicTaskScheduler::createNew();
  UsageEnvironment* env = BasicUsageEnvironment::createNew(*scheduler);
  UserAuthenticationDatabase* users = nullptr;
  if (user != nullptr) {
    users = new UserAuthenticationDatabase;
    users->addUserRecord(user, password);
  }
  RTSPServer* server = RTSPServer::createNew(*env, port, users);
  if (server == nullptr) {
    std::fprintf(stderr, "live555-server: %s\n", env->getResultMsg());
    return 1;
  }
  // Media stay plain RTP inside the connection, and are not SRTP.
  if (certificate != nullptr) server->setTLSState(certificate, key, False, False);
  // The prefix ends in ":PORT/", also where PORT was chosen by the system.
  char* prefix = server->rtspURLPrefix();
  std::string const chosen = std::strrchr(prefix, ':') + 1;
  delete[] prefix;

  for (std::string const& file : files) {
    std::string const name = file.substr(file.find_last_of('/') + 1);
    ServerMediaSession* session =
        ServerMediaSession::createNew(*env, name.c_str(), name.c_str(), "foreign peer");
    Boolean const reuse = False;  // every viewer starts at the beginning
    if (endsWith(file, ".h265") || endsWith(file, ".265")) {
      session->addSubsession(H265VideoFileServerMediaSubsession::createNew(*env, file.c_str(), reuse));
    } else if (endsWith(file, ".m4v")) {
      session->addSubsession(MPEG4VideoFileServerMediaSubsession::createNew(*env, file.c_str(), reuse));
    } else {
      session->addSubsession(H264VideoFileServerMediaSubsession::createNew(*env, file.c_str(), reuse));
    }
    server->addServerMediaSession(session);
    char const* scheme = certificate != nullptr ? "rtsps" : "rtsp";
    std::printf("ready %s://127.0.0.1:%s%s\n", scheme, chosen.c_str(), name.c_str());
  }
  std::fflush(stdout);
  env->taskScheduler().doEventLoop();
  return 0;
}
