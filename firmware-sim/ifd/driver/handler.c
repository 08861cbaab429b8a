/*
 * A driver for pcscd whose readers are simulated: every call travels as one frame over a unix socket to the simulator,
 * one socket a reader, and what comes back is the answer. ../README.md has the frames.
 *
 * It owns a socket and the last answer to reset of each reader. It decides nothing: who holds a card, what a card says
 * and what a customer types is the simulator's. A PIN never comes this way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <ifdhandler.h>
#include <reader.h>

#define MAX_LANES 16 /* as many readers as pcscd takes */
#define SCHEME "unix:"

#define ANSWER_SECONDS 3   /* a card that says nothing for so long is mute */
#define TYPING_SECONDS 40  /* a customer has 30 of them on a pinpad, the card its 3 */

enum call { CALL_PRESENCE = 1, CALL_POWER, CALL_TRANSMIT, CALL_CONTROL, CALL_ATTRIBUTE };
enum power { POWER_OFF, POWER_ON, POWER_AGAIN };

/* The first byte of an answer, and what the driver itself finds. */
enum result { DONE, NO_CARD, NOT_SUPPORTED, GONE = 256, LATE };

struct lane {
	struct sockaddr_un address;
	int fd;   /* -1: not connected */
	bool met; /* there was a connection before */
	UCHAR atr[MAX_ATR_SIZE];
	DWORD atr_length;
};

/* pcscd makes one call at a time into one reader, so a lane needs no lock; see TAG_IFD_SLOT_THREAD_SAFE. */
static struct lane lanes[MAX_LANES];

static struct lane *lane_of(DWORD lun)
{
	DWORD number = lun >> 16;
	return number < MAX_LANES && lanes[number].address.sun_family == AF_UNIX ? &lanes[number] : NULL;
}

static void hang_up(struct lane *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static bool reach(struct lane *l)
{
	if (l->fd >= 0)
		return true;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && connect(l->fd, (struct sockaddr *)&l->address, sizeof l->address) == 0) {
		l->met = true;
		return true;
	}
	hang_up(l);
	return false;
}

static bool send_all(int fd, struct iovec *parts, int count)
{
	while (count > 0) {
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		for (; count > 0 && (size_t)sent >= parts->iov_len; parts++, count--)
			sent -= parts->iov_len;
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + sent;
			parts->iov_len -= sent;
		}
	}
	return true;
}

static enum result receive_all(int fd, void *into, size_t length)
{
	for (size_t got = 0; got < length;) {
		ssize_t n = recv(fd, (char *)into + got, length - got, 0);
		if (n > 0)
			got += n;
		else if (n < 0 && errno == EINTR)
			continue;
		else
			return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? LATE : GONE;
	}
	return DONE;
}

static enum result read_answer(int fd, UCHAR *answer, DWORD *length)
{
	uint32_t size;
	uint8_t result;
	enum result trouble = receive_all(fd, &size, sizeof size);
	if (trouble != DONE)
		return trouble;
	size = ntohl(size);
	if (size < 1 || size - 1 > *length)
		return GONE; /* no frame of the simulator: its stream cannot be trusted any more */
	if ((trouble = receive_all(fd, &result, 1)) != DONE || (trouble = receive_all(fd, answer, size - 1)) != DONE)
		return trouble;
	*length = size - 1;
	return result;
}

/*
 * ask sends one call with up to two parts of input. Where it fails, the connection is closed: a late answer must not be
 * taken for the answer to the next call.
 */
static enum result ask(struct lane *l, enum call call, struct iovec first, struct iovec second, UCHAR *answer, DWORD *length)
{
	uint8_t code = call;
	uint32_t size = htonl(1 + first.iov_len + second.iov_len);
	struct timeval patience = { .tv_sec = call == CALL_CONTROL ? TYPING_SECONDS : ANSWER_SECONDS };
	struct iovec parts[] = { { &size, sizeof size }, { &code, 1 }, first, second };
	enum result result = GONE;

	if (l == NULL || !reach(l))
		return GONE;
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 && send_all(l->fd, parts, 4))
		result = read_answer(l->fd, answer, length);
	if (result == GONE || result == LATE)
		hang_up(l);
	return result;
}

static const struct iovec nothing = { NULL, 0 };

static RESPONSECODE response_to(enum result result)
{
	switch (result) {
	case DONE:
		return IFD_SUCCESS;
	case NO_CARD:
		return IFD_ICC_NOT_PRESENT;
	case NOT_SUPPORTED:
		return IFD_ERROR_NOT_SUPPORTED;
	case GONE:
		return IFD_NO_SUCH_DEVICE;
	case LATE:
		return IFD_RESPONSE_TIMEOUT;
	}
	return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
	DWORD number = Lun >> 16;
	size_t scheme = strlen(SCHEME), length = strlen(DeviceName);
	if (number >= MAX_LANES || strncmp(DeviceName, SCHEME, scheme) != 0)
		return IFD_NO_SUCH_DEVICE;
	struct lane *l = &lanes[number];
	if (length - scheme >= sizeof l->address.sun_path)
		return IFD_NO_SUCH_DEVICE;
	*l = (struct lane){ .address = { .sun_family = AF_UNIX }, .fd = -1 };
	memcpy(l->address.sun_path, DeviceName + scheme, length - scheme + 1);
	return IFD_SUCCESS; /* whether the reader is plugged in shows when it is asked for its card */
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
	(void)Lun;
	(void)Channel;
	return IFD_NO_SUCH_DEVICE; /* a number names no socket */
}

RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
	struct lane *l = lane_of(Lun);
	if (l == NULL)
		return IFD_NO_SUCH_DEVICE;
	hang_up(l);
	memset(l, 0, sizeof *l);
	return IFD_SUCCESS;
}

static RESPONSECODE one_byte(UCHAR value, PDWORD Length, PUCHAR Value)
{
	if (*Length < 1)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	*Length = 1;
	*Value = value;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
	struct lane *l = lane_of(Lun);
	uint32_t tag = htonl(Tag);
	switch (Tag) {
	case TAG_IFD_SLOTS_NUMBER:
		return one_byte(1, Length, Value);
	case TAG_IFD_SIMULTANEOUS_ACCESS:
		return one_byte(MAX_LANES, Length, Value);
	case TAG_IFD_THREAD_SAFE: /* a customer who types on one reader holds up no other */
		return one_byte(1, Length, Value);
	case TAG_IFD_SLOT_THREAD_SAFE:
		return one_byte(0, Length, Value);
	case TAG_IFD_ATR:
	case SCARD_ATTR_ATR_STRING:
		if (l == NULL || *Length < l->atr_length)
			return IFD_ERROR_INSUFFICIENT_BUFFER;
		*Length = l->atr_length;
		memcpy(Value, l->atr, l->atr_length);
		return IFD_SUCCESS;
	case SCARD_ATTR_VENDOR_IFD_SERIAL_NO:
	case SCARD_ATTR_CHANNEL_ID:
		return response_to(ask(l, CALL_ATTRIBUTE, (struct iovec){ &tag, sizeof tag }, nothing, Value, Length));
	}
	return IFD_ERROR_TAG;
}

RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
	(void)Lun;
	(void)Tag;
	(void)Length;
	(void)Value;
	return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3)
{
	(void)Lun;
	(void)Protocol;
	(void)Flags;
	(void)PTS1;
	(void)PTS2;
	(void)PTS3;
	return IFD_SUCCESS; /* whole commands travel, in either protocol */
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
	struct lane *l = lane_of(Lun);
	uint8_t action = Action == IFD_POWER_DOWN ? POWER_OFF : Action == IFD_RESET ? POWER_AGAIN : POWER_ON;
	UCHAR atr[MAX_ATR_SIZE];
	DWORD length = sizeof atr;
	enum result result = ask(l, CALL_POWER, (struct iovec){ &action, 1 }, nothing, atr, &length);
	if (result == GONE)
		return IFD_NO_SUCH_DEVICE;
	if (result != DONE || length > *AtrLength)
		return IFD_ERROR_POWER_ACTION;
	memcpy(l->atr, atr, length);
	memcpy(Atr, atr, length);
	l->atr_length = *AtrLength = length;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
	PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
	(void)SendPci;
	(void)RecvPci;
	enum result result = ask(lane_of(Lun), CALL_TRANSMIT, (struct iovec){ TxBuffer, TxLength }, nothing, RxBuffer, RxLength);
	if (result != DONE)
		*RxLength = 0;
	return response_to(result);
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD ControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer, DWORD RxLength,
	LPDWORD BytesReturned)
{
	uint32_t code = htonl(ControlCode);
	DWORD length = RxLength;
	enum result result = ask(lane_of(Lun), CALL_CONTROL, (struct iovec){ &code, sizeof code }, (struct iovec){ TxBuffer, TxLength },
		RxBuffer, &length);
	*BytesReturned = result == DONE ? length : 0;
	return response_to(result);
}

/* A reader whose simulator has not come yet is empty: pcscd drops for good what is not there at its own start. */
RESPONSECODE IFDHICCPresence(DWORD Lun)
{
	UCHAR present = 0;
	DWORD length = sizeof present;
	struct lane *l = lane_of(Lun);
	enum result result = ask(l, CALL_PRESENCE, nothing, nothing, &present, &length);
	if (result == GONE || result == LATE)
		return l != NULL && !l->met ? IFD_ICC_NOT_PRESENT : IFD_NO_SUCH_DEVICE;
	return result == DONE && length == 1 && present ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}
