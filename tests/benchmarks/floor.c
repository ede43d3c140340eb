/* The floor: a program that blocks in recvmsg and keeps the kernel's receive time of each message of SIZE bytes.
 *
 * floor PORT SIZE: reads from 127.0.0.1:PORT to its end, then prints a line for each message that is complete:
 * when the bytes that completed it arrived, in seconds on the monotonic clock; the time of the read where the
 * kernel did not say.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define MOST 1000000

static double seconds(struct timespec time)
{
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return seconds(time);
}

static double arrival(struct msghdr *header)
{
    double read_at = now(CLOCK_MONOTONIC);
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS)
            return seconds(*(struct timespec *)CMSG_DATA(part)) - (now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC));
    return read_at;
}

int main(int argc, char **argv)
{
    static double arrivals[MOST];
    static char bytes[65536];
    if (argc != 3)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    long size = atol(argv[2]), received = 0, count = 0;
    int tcp = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(tcp, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
    if (connect(tcp, (struct sockaddr *)&address, sizeof address))
        return 1;
    for (;;) {
        char ancillary[CMSG_SPACE(sizeof(struct timespec))];
        struct iovec part = {bytes, sizeof bytes};
        struct msghdr header = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary, .msg_controllen = sizeof ancillary};
        ssize_t got = recvmsg(tcp, &header, 0);
        if (got <= 0)
            break;
        double at = arrival(&header);
        for (received += got; count < received / size && count < MOST; count++)
            arrivals[count] = at;
    }
    for (long i = 0; i < count; i++)
        printf("%.9f\n", arrivals[i]);
    return 0;
}
